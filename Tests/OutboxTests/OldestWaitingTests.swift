import Outbox
import Postgres
import TestKit
import Testing
import Threads

/// When the oldest row that waits was written, for the check of Kafka's topics at the start.
struct OldestWaitingTests {
    @Test func rowsThatWaitAndRowsThatAreHeldCount() async throws {
        var made = try await TestOutbox()
        made.behaviour.tooLarge = [OutboxKey(aggregateType: "order", aggregateID: "poison")]
        let outbox = made
        try await onThread {
            let connection = try outbox.connect()
            #expect(try OutboxOperator(connection).oldestWaiting() == nil)
            try connection.insertRow("good", 0)
            let waiting = try #require(try OutboxOperator(connection).oldestWaiting())
            #expect(abs(WallClock.microsecondsSince1970 - waiting) < 60_000_000)
        }
        try await forward(outbox, 1)
        #expect(try await oldest(outbox) == nil)
        try await onThread {
            let connection = try outbox.connect()
            try connection.insertRow("poison", 0)
            try connection.insertRow("good", 1)
        }
        try await forward(outbox, 2)
        #expect(try await oldest(outbox) != nil)
    }

    private func oldest(_ outbox: TestOutbox) async throws -> Int64? {
        try await onThread { try OutboxOperator(outbox.connect()).oldestWaiting() }
    }

    /// Relays until this many rows have arrived in all, and the checkpoint says so.
    private func forward(_ outbox: TestOutbox, _ count: Int) async throws {
        try await withRelay(try outbox.relay()) {
            try await onThread { #expect(outbox.topic.wait { $0.count == count }) }
        }
    }
}
