import Postgres
import Synchronization
import TestKit

/// A service that writes events of parcels and outlives its primary: it connects again, looks how far the database is,
/// and goes on there. It keeps what the database acknowledged.
final class FailoverLoad: Sendable {
    static let parcels: Int64 = 20

    private struct State {
        var isEnding = false
        /// Parcels of a round are written together; rounds below this one are acknowledged.
        var rounds: Int64 = 0
        var reconnects = 0
    }

    private let state = Mutex(State())
    private let database: PostgresConfiguration

    init(_ database: PostgresConfiguration) { self.database = database }

    /// How many rounds the database acknowledged; the next one has this number.
    var rounds: Int64 { state.withLock { $0.rounds } }

    /// Writes while `body` runs.
    func during<T>(_ body: () async throws -> T) async throws -> T {
        state.withLock { $0.isEnding = false }
        async let writing: Void = write()
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        state.withLock { $0.isEnding = true }
        try await writing
        return try result.get()
    }

    private func write() async throws {
        try await onThread {
            while !self.state.withLock({ $0.isEnding }) {
                // A lost connection is no failure of the test: which rounds were acknowledged is kept.
                try? self.writeUntilLost()
            }
        }
    }

    private func writeUntilLost() throws {
        let connection = try PostgresConnection(database)
        let next = try connection.query(Self.next).int64(0, 0)
        state.withLock {
            $0.rounds = next
            $0.reconnects += 1
        }
        while !state.withLock({ $0.isEnding }) {
            let round = state.withLock { $0.rounds }
            try connection.query(Self.insert, [.int8(round), .int8(Self.parcels)])
            state.withLock { $0.rounds = round + 1 }
            _ = try connection.query(Self.pause)
        }
    }

    private static let next: PostgresStatement = "SELECT coalesce(max(sequence_number) + 1, 0) FROM outbox"
    private static let pause: PostgresStatement = "SELECT pg_sleep(0.005)"
    private static let insert: PostgresStatement = """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        SELECT 'parcel', 'parcel-' || p, $1, 'parcel_moved', convert_to(p || '/' || $1, 'UTF8')
        FROM generate_series(1, $2) p
        """
}
