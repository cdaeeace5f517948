import EventStore
import Orders
import Postgres
import TestKit
import Testing

/// All or nothing per order, while other writers append in between. Each test names the steps of its
/// sessions.
struct AtomicityTests {
    /// Collects commands for one order in one batch: an order that `foreigner` holds keeps the only lane busy.
    private func gather(
        _ commands: [OrderCommand], on order: String, _ fixture: Fixture, _ gate: Session
    ) async throws -> [Task<Result<CommandOutcome, any Error>, Never>] {
        let busy = try await fixture.store.place(Fixture.details).orderID
        try await gate.execute("BEGIN")
        try await gate.append("order_cancelled", to: busy, at: 1)
        let blocked = Task { try await fixture.store.execute(.initiatePayment, on: busy) }
        let observer = try await Session(fixture.postgres)
        try await observer.waitForBlockedStores()
        var tasks: [Task<Result<CommandOutcome, any Error>, Never>] = []
        for (index, command) in commands.enumerated() {
            tasks.append(
                Task {
                    do { return .success(try await fixture.store.execute(command, on: order)) } catch {
                        return .failure(error)
                    }
                })
            try await waitFor("command \(index) to wait") { fixture.store.waitingCommands == index + 1 }
        }
        try await gate.execute("ROLLBACK")
        _ = try await blocked.value
        return tasks
    }

    @Test func twoCommandsForOneOrderInOneBatchComeOneAfterTheOther() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            let gate = try await Session(fixture.postgres)
            let commands: [OrderCommand] = [.initiatePayment, .recordPayment, .initiatePayment, .cancel(reason: "x")]
            let results = try await gather(commands, on: order, fixture, gate)
            #expect(try await results[0].value.get().version == 2)
            #expect(try await results[1].value.get().version == 3)
            let refused = await results[2].value
            #expect("\(refused)".contains("already paid"))
            #expect(try await results[3].value.get().version == 4)
            let history = try await fixture.store.history(order).map(\.event)
            #expect(history == [.placed(Fixture.details), .paymentInitiated, .paid, .cancelled(reason: "x")])
            // One batch is one transaction.
            let sql =
                """
                SELECT count(DISTINCT transaction_id) FROM outbox
                WHERE aggregate_id = '\(order)' AND sequence_number > 0
                """
            #expect(try await fixture.number(sql) == 1)
            #expect(try await fixture.violations() == 0)
        }
    }

    /// The failure that the statement prevents: event 2 of [1, 2] is inserted although another writer took 1, a paid
    /// event on a cancelled order.
    @Test func doNothingAloneInsertsHalfOfAnAppend() async throws {
        let postgres = try await TestPostgres.configuration()
        let (foreigner, naive) = (try await Session(postgres), try await Session(postgres))
        try await foreigner.append("order_placed", to: "A", at: 0)
        try await foreigner.append("order_cancelled", to: "A", at: 1)
        try await naive.execute(
            """
            INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
            VALUES (gen_random_uuid(), 'A', 1, 'order', 'order_payment_initiated', ''),
                   (gen_random_uuid(), 'A', 2, 'order', 'order_paid', '')
            ON CONFLICT DO NOTHING
            """)
        let paid = try await naive.number("SELECT count(*) FROM event WHERE event_type = 'order_paid'")
        #expect(paid == 1)
    }

    @Test func nothingOfAnAppendStaysWhenSomebodyTookItsFirstNumber() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            let (foreigner, gate) = (try await Session(fixture.postgres), try await Session(fixture.postgres))
            // The foreigner takes number 1 but does not commit yet.
            try await foreigner.execute("BEGIN")
            try await foreigner.append("order_cancelled", to: order, at: 1)
            // The store decides on version 1 and waits for the foreigner with [1, 2] in one append.
            let results = try await gather([.initiatePayment, .recordPayment], on: order, fixture, gate)
            try await gate.waitForBlockedStores()
            try await foreigner.execute("COMMIT")
            // Both are decided anew, on the cancelled order.
            for result in results {
                let value = await result.value
                #expect("\(value)".contains("the order is cancelled"))
            }
            let count = try await fixture.number("SELECT count(*) FROM event WHERE aggregate_id = '\(order)'")
            #expect(count == 2)
        }
    }

    @Test func nothingOfAnAppendStaysWhenSomebodyTookALaterNumber() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            let other = try await fixture.store.place(Fixture.details).orderID
            let (foreigner, gate) = (try await Session(fixture.postgres), try await Session(fixture.postgres))
            // A foreign writer leaves a gap: number 2 is taken before number 1.
            try await foreigner.append("order_payment_initiated", to: order, at: 2)
            let results = try await gather([.initiatePayment, .recordPayment], on: order, fixture, gate)
            for result in results { _ = await result.value }
            // The store appended all of its events or none, and still works.
            let half = try await fixture.number(
                """
                SELECT count(*) FROM event e LEFT JOIN outbox o USING (event_id)
                WHERE e.aggregate_id = '\(order)' AND e.sequence_number = 2 AND o.event_id IS NOT NULL
                """
            )
            #expect(half == 0)
            let version = try await fixture.store.execute(.cancel(reason: "x"), on: other).version
            #expect(version == 2)
        }
    }

    @Test func oneOfTwoWritersOfOneNumberWins() async throws {
        try await Fixture.run { first in
            try await Fixture.run(url: first.postgres.url) { second in
                for _ in 0..<20 {
                    let order = try await first.store.place(Fixture.details).orderID
                    let options = CommandOptions(expectedVersion: 1)
                    async let left = attempt {
                        try await first.store.execute(.cancel(reason: "l"), on: order, options: options)
                    }
                    async let right = attempt {
                        try await second.store.execute(.cancel(reason: "r"), on: order, options: options)
                    }
                    let winners = await [left, right].filter { $0 != nil }
                    #expect(winners.count == 1)
                    let events = try await first.store.history(order).count
                    #expect(events == 2)
                }
            }
        }
    }

    @Test func eventsBeforeTheFirstMustBeThere() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            let (foreigner, observer) = (try await Session(fixture.postgres), try await Session(fixture.postgres))
            // The store loads version 1 and then waits for the table; meanwhile the order's history is lost, as it can
            // be in a failover to a standby that lagged behind.
            try await foreigner.execute("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            let command = Task { try await fixture.store.execute(.initiatePayment, on: order) }
            try await observer.waitForBlockedStores()
            try await foreigner.execute("DELETE FROM event; COMMIT")
            await #expect(throws: EventStoreError.self) { try await command.value }
            let count = try await fixture.number("SELECT count(*) FROM event WHERE sequence_number > 0")
            #expect(count == 0)
        }
    }
}

/// The value, or nil when it throws.
func attempt<T: Sendable>(_ body: @Sendable () async throws -> T) async -> T? {
    do { return try await body() } catch { return nil }
}
