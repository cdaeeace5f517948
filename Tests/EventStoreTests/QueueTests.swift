import EventStore
import Orders
import Postgres
import TestKit
import Testing

/// Commands that wait in the queue of a lane.
struct QueueTests {
    /// Keeps the only lane busy until the session rolls back; returns the command that waits in Postgres.
    private func block(_ fixture: Fixture, _ gate: Session) async throws -> Task<CommandOutcome, any Error> {
        let busy = try await fixture.store.place(Fixture.details).orderID
        try await gate.execute("BEGIN")
        try await gate.append("order_cancelled", to: busy, at: 1)
        let blocked = Task { try await fixture.store.execute(.initiatePayment, on: busy) }
        try await Session(fixture.postgres).waitForBlockedStores()
        return blocked
    }

    @Test func aFullQueueRefusesAtOnce() async throws {
        var configuration = Fixture.configuration(lanes: 1)
        configuration.maximumQueuedPerLane = 3
        configuration.retryAfter = .seconds(7)
        try await Fixture.run(configuration) { fixture in
            let gate = try await Session(fixture.postgres)
            let blocked = try await block(fixture, gate)
            let waiting = (0..<3).map { _ in Task { try await fixture.store.place(Fixture.details) } }
            try await waitFor("three to wait") { fixture.store.waitingCommands == 3 }
            await expectError(.overloaded(retryAfter: .seconds(7))) {
                _ = try await fixture.store.place(Fixture.details)
            }
            try await gate.execute("ROLLBACK")
            for task in waiting { _ = try await task.value }
            _ = try await blocked.value
            let orders = try await fixture.number("SELECT count(*) FROM event WHERE sequence_number = 0")
            #expect(orders == 4)
        }
    }

    @Test func aDeadlineBeforeTheStartIsHonoured() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let gate = try await Session(fixture.postgres)
            let blocked = try await block(fixture, gate)
            let late = Task {
                try await fixture.store.place(Fixture.details, options: CommandOptions(deadline: .now))
            }
            try await waitFor("it to wait") { fixture.store.waitingCommands == 1 }
            try await gate.execute("ROLLBACK")
            await expectError(.deadlineExceeded) { _ = try await late.value }
            _ = try await blocked.value
            let orders = try await fixture.number("SELECT count(*) FROM event WHERE sequence_number = 0")
            #expect(orders == 1)
        }
    }

    @Test func aCallerWhoLeavesBeforeTheStartIsDropped() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let gate = try await Session(fixture.postgres)
            let blocked = try await block(fixture, gate)
            let leaving = Task { try await fixture.store.place(Fixture.details) }
            try await waitFor("it to wait") { fixture.store.waitingCommands == 1 }
            leaving.cancel()
            await expectError(.cancelled) { _ = try await leaving.value }
            try await gate.execute("ROLLBACK")
            _ = try await blocked.value
            let orders = try await fixture.number("SELECT count(*) FROM event WHERE sequence_number = 0")
            #expect(orders == 1)
        }
    }

    @Test func aCallerWhoLeavesAfterTheStartLearnsTheOutcome() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let gate = try await Session(fixture.postgres)
            let blocked = try await block(fixture, gate)
            blocked.cancel()
            try await gate.execute("ROLLBACK")
            let version = try await blocked.value.version
            #expect(version == 2)
        }
    }

    @Test func aStoppingStoreFinishesWhatItAccepted() async throws {
        let postgres = try await TestPostgres.configuration()
        let gate = try await Session(postgres)
        let waiting = try await Fixture.run(Fixture.configuration(lanes: 1), url: postgres.url) { fixture in
            let blocked = try await block(fixture, gate)
            let waiting = Task { try await fixture.store.place(Fixture.details) }
            try await waitFor("it to wait") { fixture.store.waitingCommands == 1 }
            fixture.store.shutdown()
            await #expect(throws: EventStoreError.self) { try await fixture.store.place(Fixture.details) }
            try await gate.execute("ROLLBACK")
            _ = try await blocked.value
            return waiting
        }
        let version = try await waiting.value.version
        #expect(version == 1)
    }
}
