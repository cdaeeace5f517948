import Foundation
import Postgres
import TestKit
import Threads

/// The connection of another client. A test executes its steps on it, one after the other.
final class Session: Sendable {
    private let thread: ThreadExecutor
    private let connection: Box

    /// Touched on `thread` only.
    private final class Box: @unchecked Sendable {
        var connection: PostgresConnection?
    }

    init(_ postgres: PostgresConfiguration) async throws {
        let box = Box()
        let thread = try ThreadExecutor(name: "test-session")
        self.thread = thread
        connection = box
        try await thread.run { box.connection = try PostgresConnection(postgres) }
    }

    deinit {
        thread.shutdown()
    }

    func execute(_ script: String) async throws {
        try await thread.run { [connection] in try connection.connection?.execute(script) }
    }

    func number(_ sql: String) async throws -> Int64 {
        try await thread.run { [connection] in
            guard let connection = connection.connection else { throw TestFailure("the session is closed") }
            return try connection.query(PostgresStatement(sql)).int64(0, 0)
        }
    }

    /// Inserts an event as a writer without lanes does. The payload is an empty message, which is valid for most types.
    func append(_ type: String, to order: String, at sequence: Int64) async throws {
        try await execute(
            """
            INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
            VALUES (gen_random_uuid(), '\(order)', \(sequence), 'order', '\(type)', '')
            """)
    }

    /// Waits until this many of the store's connections wait for a lock.
    func waitForBlockedStores(_ count: Int64 = 1) async throws {
        try await wait(
            "\(count) blocked",
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'store%' AND wait_event_type = 'Lock'
            """
        ) { $0 >= count }
    }

    /// Repeats the query until the number is as wanted, and fails after a long time.
    func wait(_ what: String, _ sql: String, _ isWanted: (Int64) -> Bool) async throws {
        let giveUp = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < giveUp {
            if isWanted(try await number(sql)) { return }
            try await execute("SELECT pg_sleep(0.002)")
        }
        throw TestFailure("waited in vain for: \(what)")
    }
}

/// Waits for a condition inside this process.
func waitFor(_ what: String, _ condition: () -> Bool) async throws {
    let giveUp = ContinuousClock.now + .seconds(120)
    while !condition() {
        guard ContinuousClock.now < giveUp else { throw TestFailure("waited in vain for: \(what)") }
        try await onThread { _ = poll(nil, 0, 2) }
    }
}
