import EventStore
import Orders
import Postgres
import TestKit
import Testing
import Values

/// Many commands in one call, most of them on orders that the caller knows.
struct BatchedCommandTests {
    private func places(_ count: Int, _ fixture: Fixture) async throws -> [KnownOrder] {
        var known: [KnownOrder] = []
        for _ in 0..<count {
            let order = try await fixture.store.place(Fixture.details).orderID
            let events = try await fixture.store.history(order)
            known.append(try #require(events.first.flatMap { KnownOrder(first: $0) }))
        }
        return known
    }

    private func texts(_ outcomes: [BatchedOutcome]) -> [String] {
        outcomes.map { outcome in
            switch outcome {
            case .appended(let order): "version \(order.version)"
            case .rejected(let rejection, let order): "\(rejection.reason) at \(order.version)"
            case .failed(let error): "\(error)"
            }
        }
    }

    private func known(_ outcomes: [BatchedOutcome]) -> [KnownOrder?] {
        outcomes.map { if case .appended(let order) = $0 { order } else { nil } }
    }

    @Test func knownOrdersAreAppendedToWithoutALoad() async throws {
        try await Fixture.run { fixture in
            try await fixture.sql { try $0.execute("CREATE EXTENSION pg_stat_statements") }
            let placed = try await places(20, fixture)
            let initiated = await fixture.store.execute(
                placed.map { BatchedCommand(.initiatePayment, on: $0.orderID, known: $0) })
            #expect(texts(initiated) == Array(repeating: "version 2", count: 20))
            let paid = await fixture.store.execute(
                known(initiated).compactMap { $0 }.map { BatchedCommand(.recordPayment, on: $0.orderID, known: $0) })
            #expect(texts(paid) == Array(repeating: "version 3", count: 20))
            #expect(known(paid).allSatisfy { $0?.state?.paymentStatus == .paid })
            let loads = """
                SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
                WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND query LIKE '%FROM event WHERE aggregate_id = ANY%'
                """
            #expect(try await fixture.number(loads) == 0)
            #expect(try await fixture.violations() == 0)
        }
    }

    @Test func aConflictInABatchFailsNoOtherCommand() async throws {
        try await Fixture.run { fixture in
            let placed = try await places(6, fixture)
            _ = try await fixture.store.execute(.cancel(reason: "no"), on: placed[1].orderID)
            _ = try await fixture.store.execute(.initiatePayment, on: placed[2].orderID)
            var commands = placed.map { BatchedCommand(.initiatePayment, on: $0.orderID, known: $0) }
            // Not initiated as far as the caller knows, and initiated in truth.
            commands[2].command = .recordPayment
            commands[3].known = nil
            commands[4].orderID = "no such order"
            commands[4].known = nil
            let outcomes = await fixture.store.execute(commands)
            #expect(
                texts(outcomes) == [
                    "version 2", "alreadyCancelled at 2", "version 3", "version 2", "orderNotFound at 0", "version 2",
                ])
            if case .rejected(_, let order) = outcomes[1] { #expect(order.state?.shippingStatus == .cancelled) }
            #expect(try await fixture.violations() == 0)
        }
    }

    @Test func whatTheStoreNeverRecordedIsNotBelieved() async throws {
        try await Fixture.run { fixture in
            let real = try await places(1, fixture)[0]
            var details = Fixture.details
            details.totalPrice = try #require(Money(cents: 1))
            func claimed(_ orderID: String) throws -> KnownOrder {
                try #require(
                    KnownOrder(
                        first: StoredEvent(
                            orderID: orderID, sequenceNumber: 0, eventID: .v7(), event: .placed(details), createdAt: 1))
                )
            }
            let outcomes = await fixture.store.execute(
                try [real.orderID, "no such order"].map {
                    BatchedCommand(.initiatePayment, on: $0, known: try claimed($0))
                })
            #expect(texts(outcomes) == ["version 2", "orderNotFound at 0"])
            #expect(known(outcomes)[0]?.state?.details == Fixture.details)
            #expect(try await fixture.number("SELECT count(*) FROM event") == 2)
        }
    }

    @Test func commandsForOneOrderInOneBatchAreDecidedOneAfterTheOther() async throws {
        try await Fixture.run { fixture in
            let placed = try await places(1, fixture)[0]
            let outcomes = await fixture.store.execute(
                [.initiatePayment, .recordPayment, .recordPayment].map {
                    BatchedCommand($0, on: placed.orderID, known: placed)
                })
            #expect(texts(outcomes) == ["version 2", "version 3", "alreadyPaid at 3"])
            #expect(try await fixture.violations() == 0)
        }
    }

    @Test func aStoppedStoreAnswersEveryCommand() async throws {
        let (store, placed) = try await Fixture.run { fixture in (fixture.store, try await places(3, fixture)) }
        let outcomes = await store.execute(
            placed.map { BatchedCommand(.initiatePayment, on: $0.orderID, known: $0) }
                + [BatchedCommand(.initiatePayment, on: "a\0b", known: nil)])
        #expect(outcomes.count == 4)
        #expect(texts(outcomes).prefix(3).allSatisfy { $0.contains("shutting down") })
        #expect(await store.execute([]).isEmpty)
    }
}
