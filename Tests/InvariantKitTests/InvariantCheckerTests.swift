import InvariantKit
import Orders
import Postgres
import Testing
import Values

/// Each invariant is broken here once, alone, and the checker must find it.
@Suite struct InvariantCheckerTests {
    @Test func aDrainedPipelineHasNoViolations() {
        #expect(violations(healthy()).isEmpty)
    }

    private static let composed = "caf\u{E9}"
    private static let decomposed = "cafe\u{301}"

    /// Two spellings that are equal for Swift's `String`, and two orders for Postgres and Kafka.
    @Test func ordersWhoseNamesLookAlikeAreTwo() {
        let (first, second) = (healthy(Self.composed), healthy(Self.decomposed))
        var history = first
        history.events += second.events
        history.outbox += second.outbox
        history.records += second.records
        history.projection.merge(second.projection) { own, _ in own }
        let told = [Self.composed, Self.decomposed].map { Acknowledgement(orderID: $0, version: 2) }
        #expect(InvariantChecker(history, acknowledged: told).violations().isEmpty)
    }

    @Test func aNameThatLooksAlikeIsNoSubstitute() {
        var history = healthy(Self.composed)
        history.records = healthy(Self.decomposed).records
        for index in history.records.indices { history.records[index].eventID = history.outbox[index].eventID }
        history.projection = healthy(Self.decomposed).projection
        let told = [Acknowledgement(orderID: Self.decomposed, version: 2)]
        let found = InvariantChecker(history, acknowledged: told).violations().map(\.invariant.rawValue)
        #expect(found == ["I1", "I3", "I3", "I5", "I5"])
    }

    @Test func aRepeatedSuffixIsAllowed() {
        var history = healthy()
        history.records.append(history.records[1])
        #expect(violations(history).isEmpty)
    }

    @Test func anAcknowledgedEventThatIsMissing() {
        let found = InvariantChecker(healthy(), acknowledged: [Acknowledgement(orderID: "a", version: 3)]).violations()
        #expect(found.map(\.description) == ["I1 a: acknowledged with 3 events, the store has 2"])
    }

    @Test func anEventWithoutOutboxRow() {
        var history = healthy()
        history.outbox.removeLast()
        #expect(violations(history) == ["I1 a: event 1 has no outbox row"])
    }

    @Test func anOutboxRowWithoutEvent() {
        var history = healthy()
        history.events.removeLast()
        history.projection[ExactText("a")]?.version = 0
        history.projection[ExactText("a")]?.state.paymentStatus = .pending
        #expect(violations(history) == ["I1 a: outbox row 1 has no event"])
    }

    @Test func aRowOfAnotherTypeNeedsNoEvent() {
        var history = healthy()
        history.outbox.append(
            OutboxEntry(eventID: "e9", aggregateType: "invoice", aggregateID: "i", sequenceNumber: 0, payload: [9]))
        history.records.append(
            PublishedRecord(eventID: "e9", topic: "outbox.event.invoice", key: "i", value: [9], sequenceNumber: 0))
        #expect(violations(history).isEmpty)
    }

    @Test func aGapInTheSequence() {
        var history = healthy()
        history.events[1].sequenceNumber = 2
        history.projection[ExactText("a")]?.version = 2
        #expect(violations(history) == ["I2 a: has the sequence numbers [0, 2]"])
    }

    @Test func aRowThatIsNotInKafka() {
        var history = healthy()
        history.records.removeLast()
        #expect(violations(history) == ["I3 a: row 1 is not in Kafka"])
    }

    @Test func aRowThatChangedOnItsWay() {
        var history = healthy()
        history.records[0].value = [7]
        #expect(violations(history) == ["I3 a: row 0 reached Kafka with another value"])
    }

    @Test func anInversion() {
        var history = healthy()
        history.records.reverse()
        #expect(violations(history) == ["I4 a: 0 appears for the first time after 1"])
    }

    @Test func aProjectionThatIsBehind() {
        var history = healthy()
        history.projection[ExactText("a")]?.version = 0
        #expect(violations(history).count == 1)
        #expect(violations(history).allSatisfy { $0.hasPrefix("I5 a: the projection shows") })
    }

    @Test func aProjectionThatIsWrong() {
        var history = healthy()
        history.projection[ExactText("a")]?.state.paymentStatus = .paid
        #expect(violations(history).count == 1)
    }

    @Test func aProjectedNameThatOnlyLooksAlike() {
        var history = healthy(customer: Self.composed)
        history.projection = healthy(customer: Self.decomposed).projection
        #expect(violations(history).count == 1)
    }

    @Test func aProjectionOfNothing() {
        var history = healthy()
        history.projection[ExactText("ghost")] = history.projection[ExactText("a")]
        #expect(violations(history) == ["I5 ghost: the projection shows an order without events"])
    }

    private func violations(_ history: PipelineHistory) -> [String] {
        InvariantChecker(history, acknowledged: [Acknowledgement(orderID: "a", version: 1)]).violations().map(
            \.description)
    }

    /// One order, placed and with its payment begun.
    private func healthy(_ order: String = "a", customer: String = "c") -> PipelineHistory {
        let details = OrderDetails(
            customerID: customer, vendorID: "v", productID: "p", quantity: 1, totalPrice: Money(cents: 999)!,
            paymentMethod: "CARD")
        var history = PipelineHistory()
        for (number, event) in [OrderEvent.placed(details), .paymentInitiated].enumerated() {
            let (id, sequence, payload) = ("e\(number) of \(Array(order.utf8))", Int64(number), [UInt8(number)])
            history.events.append(
                RecordedEvent(eventID: id, aggregateID: order, sequenceNumber: sequence, event: event))
            history.outbox.append(
                OutboxEntry(
                    eventID: id, aggregateType: "order", aggregateID: order, sequenceNumber: sequence, payload: payload)
            )
            history.records.append(
                PublishedRecord(
                    eventID: id, topic: "outbox.event.order", key: order, value: payload, sequenceNumber: sequence))
        }
        history.projection[ExactText(order)] = ProjectedState(
            version: 1, state: OrderState(details: details, paymentStatus: .initiated))
        return history
    }
}
