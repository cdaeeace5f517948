import EventStore
import Orders
import Testing
import Values

@testable import Payments

/// A conversation: commands out, outcomes in, calls out, answers in.
@Suite struct PaymentPipelineTests {
    private func pipeline(attempts: Int = 2, calls: Int = 4_096) -> Pipeline {
        Pipeline(PaymentPipeline(attemptsPerOrder: attempts, mostCalls: calls))
    }

    private func known(_ orderID: String) -> KnownOrder? {
        KnownOrder(
            first: StoredEvent(
                orderID: orderID, sequenceNumber: 0, eventID: .v7(), event: .placed(details()), createdAt: 1))
    }

    @Test func anOrderIsInitiatedThenChargedThenRecorded() throws {
        let pipeline = pipeline()
        for order in ["a", "b"] { pipeline.add(order, known(order)) }
        let batch = try #require(pipeline.takeBatch())
        #expect(batch.commands.map(\.orderID) == ["a", "b"])
        #expect(batch.commands.allSatisfy { $0.command == .initiatePayment && $0.known?.version == 1 })
        // The gateway is not asked before the initiation is durable.
        #expect(pipeline.takeCall() == nil)
        pipeline.executed(batch, batch.commands.map { .appended(after($0)) })
        let (first, second) = (try #require(pipeline.takeCall()), try #require(pipeline.takeCall()))
        #expect(pipeline.takeCall() == nil)
        pipeline.answered(second, .declined(reason: ""))
        pipeline.answered(first, .approved)
        let record = try #require(pipeline.takeBatch())
        #expect(
            record.commands.map(\.command)
                == [.recordPaymentFailure(reason: "declined without a reason"), .recordPayment])
        #expect(record.commands.map(\.known?.version) == [2, 2])
        pipeline.executed(record, record.commands.map { .appended(after($0)) })
        #expect(pipeline.ends() == ["b": .declined, "a": .paid])
        #expect(pipeline.ends().isEmpty)
    }

    @Test func aConflictFailsNoOtherOrder() throws {
        let pipeline = pipeline()
        for order in ["a", "cancelled", "initiated", "gone", "b"] { pipeline.add(order, known(order)) }
        let batch = try #require(pipeline.takeBatch())
        let rejection = OrderRejection(.alreadyCancelled, "changed")
        pipeline.executed(
            batch,
            [
                .appended(after(batch.commands[0])),
                .rejected(rejection, order("cancelled", [.placed(details()), .cancelled(reason: "no")])),
                .rejected(rejection, order("initiated", [.placed(details()), .paymentInitiated])),
                .rejected(rejection, order("gone", [])),
                .appended(after(batch.commands[4])),
            ])
        #expect(pipeline.ends() == ["cancelled": .nothingToDo, "gone": .nothingToDo])
        let calls = [pipeline.takeCall(), pipeline.takeCall(), pipeline.takeCall()].compactMap { $0 }
        #expect(calls.map(\.orderID) == ["a", "initiated", "b"])
        #expect(pipeline.takeCall() == nil)
    }

    @Test func anAnswerThatComesAfterACancellationIsVoid() throws {
        let pipeline = pipeline()
        pipeline.add("a", known("a"))
        let batch = try #require(pipeline.takeBatch())
        pipeline.executed(batch, batch.commands.map { .appended(after($0)) })
        pipeline.answered(try #require(pipeline.takeCall()), .approved)
        let record = try #require(pipeline.takeBatch())
        let cancelled = order("a", [.placed(details()), .paymentInitiated, .cancelled(reason: "no")])
        pipeline.executed(record, [.rejected(OrderRejection(.alreadyCancelled, "cancelled"), cancelled)])
        let call = try #require(pipeline.takeCall())
        #expect(call.kind == .void(orderID: "a"))
        pipeline.answered(call, nil)
        #expect(pipeline.ends() == ["a": .voided])
    }

    @Test func whatComesWhileTwoBatchesAreInFlightGathers() throws {
        let pipeline = pipeline()
        pipeline.add("a", nil)
        let first = try #require(pipeline.takeBatch())
        pipeline.add("b", nil)
        let second = try #require(pipeline.takeBatch())
        for number in 0..<(PaymentsLimits.commandsPerBatch + 1) { pipeline.add("order \(number)", nil) }
        #expect(pipeline.takeBatch() == nil)
        pipeline.executed(first, [.failed(.internal("broken"))])
        #expect(pipeline.ends() == ["a": .failed("internal error: broken")])
        #expect(pipeline.takeBatch()?.commands.count == PaymentsLimits.commandsPerBatch)
        #expect(pipeline.takeBatch() == nil)
        pipeline.executed(second, [.rejected(OrderRejection(.orderNotFound, "none"), order("b", []))])
        #expect(pipeline.takeBatch()?.commands.count == 1)
    }

    @Test func recordingsGoBeforeInitiations() throws {
        let pipeline = pipeline()
        pipeline.add("paying", known("paying"))
        let batch = try #require(pipeline.takeBatch())
        pipeline.executed(batch, batch.commands.map { .appended(after($0)) })
        let call = try #require(pipeline.takeCall())
        for number in 0..<(3 * PaymentsLimits.commandsPerBatch) { pipeline.add("order \(number)", nil) }
        pipeline.answered(call, .approved)
        #expect(pipeline.takeBatch()?.commands.first?.command == .recordPayment)
    }

    @Test func aFailurePausesTheOrderAndTheLastOneLeavesIt() throws {
        let pipeline = pipeline(attempts: 2)
        pipeline.add("a", known("a"))
        let batch = try #require(pipeline.takeBatch())
        pipeline.executed(batch, [.failed(.outcomeUnknown("the connection was lost"))])
        let pauses = pipeline.takePauses()
        #expect(pauses.map(\.pause) == [.milliseconds(50)])
        #expect(pipeline.takeBatch() == nil)
        pipeline.resume(try #require(pauses.first?.ticket))
        // What is known may be wrong by now: it is loaded.
        let again = try #require(pipeline.takeBatch())
        #expect(again.commands.map(\.known) == [nil])
        let initiated = order("a", [.placed(details()), .paymentInitiated])
        pipeline.executed(again, [.rejected(OrderRejection(.paymentAlreadyInitiated, "before"), initiated)])
        pipeline.unanswered(try #require(pipeline.takeCall()), "no answer")
        #expect(pipeline.ends() == ["a": .failed("no answer")])
    }

    @Test func anOrderThatKeepsChangingIsLeft() throws {
        let pipeline = pipeline()
        pipeline.add("a", nil)
        for _ in 0...PaymentsLimits.stepsPerOrder {
            guard let batch = pipeline.takeBatch() else { break }
            pipeline.executed(
                batch, [.rejected(OrderRejection(.alreadyCancelled, "odd"), order("a", [.placed(details())]))])
        }
        #expect(pipeline.ends() == ["a": .failed("the order kept changing")])
    }

    @Test func noMoreCallsThanAllowed() throws {
        let pipeline = pipeline(calls: 2)
        for order in ["a", "b", "c"] { pipeline.add(order, known(order)) }
        let batch = try #require(pipeline.takeBatch())
        pipeline.executed(batch, batch.commands.map { .appended(after($0)) })
        let first = try #require(pipeline.takeCall())
        #expect(pipeline.takeCall()?.orderID == "b")
        #expect(pipeline.takeCall() == nil)
        pipeline.answered(first, .approved)
        #expect(pipeline.takeCall()?.orderID == "c")
    }

    @Test func aCancelledPipelineBeginsNothing() throws {
        let pipeline = pipeline()
        for order in ["a", "b"] { pipeline.add(order, known(order)) }
        let batch = try #require(pipeline.takeBatch())
        pipeline.cancel()
        pipeline.executed(batch, batch.commands.map { .appended(after($0)) })
        #expect(pipeline.takeCall() == nil)
        pipeline.add("c", nil)
        #expect(pipeline.takeBatch() == nil)
    }

    // MARK: Orders

    private func order(_ orderID: String, _ events: [OrderEvent]) -> KnownOrder {
        KnownOrder(
            orderID,
            events.enumerated().map { sequence, event in
                StoredEvent(
                    orderID: orderID, sequenceNumber: Int64(sequence), eventID: .v7(), event: event, createdAt: 1)
            })
    }

    /// The order after the command's event.
    private func after(_ command: BatchedCommand) -> KnownOrder {
        let event: [OrderEvent] =
            switch command.command {
            case .initiatePayment: [.placed(details()), .paymentInitiated]
            case .recordPayment: [.placed(details()), .paymentInitiated, .paid]
            default: [.placed(details()), .paymentInitiated, .paymentFailed(reason: "no")]
            }
        return order(command.orderID, event)
    }
}

/// A pipeline that `#expect` can ask to change.
private final class Pipeline {
    private var pipeline: PaymentPipeline

    init(_ pipeline: PaymentPipeline) { self.pipeline = pipeline }

    func add(_ orderID: String, _ known: KnownOrder?) { pipeline.add(orderID, known) }
    func takeBatch() -> PaymentPipeline.Batch? { pipeline.takeBatch() }
    func executed(_ batch: PaymentPipeline.Batch, _ outcomes: [BatchedOutcome]) { pipeline.executed(batch, outcomes) }
    func takeCall() -> PaymentPipeline.Call? { pipeline.takeCall() }
    func answered(_ call: PaymentPipeline.Call, _ answer: PaymentOutcome?) {
        pipeline.answered(call, answer, latency: .milliseconds(1))
    }
    func unanswered(_ call: PaymentPipeline.Call, _ problem: String) { pipeline.unanswered(call, problem) }
    func takePauses() -> [(ticket: PaymentPipeline.Ticket, pause: Duration)] { pipeline.takePauses() }
    func resume(_ ticket: PaymentPipeline.Ticket) { pipeline.resume(ticket) }
    func cancel() { pipeline.cancel() }

    func ends() -> [String: PaymentEnd] {
        Dictionary(pipeline.takeFinished().map { ($0.orderID, $0.end) }) { $1 }
    }
}

extension PaymentPipeline.Call {
    fileprivate var orderID: String {
        switch kind {
        case .charge(let request): request.orderID
        case .void(let orderID): orderID
        }
    }
}
