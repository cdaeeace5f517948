import Postgres
import Synchronization
import TestKit

/// A service that writes events of parcels, a row for each of fifty parcels per transaction, until it is ended: some
/// thousand rows a second, each parcel's in the order of their sequence numbers.
final class OutboxLoad: Sendable {
    static let parcels = 50

    private let isEnding = Atomic(false)
    private let database: PostgresConfiguration

    static func start(_ database: PostgresConfiguration) -> OutboxLoad {
        OutboxLoad(database)
    }

    private init(_ database: PostgresConfiguration) {
        self.database = database
    }

    /// Writes while `body` runs.
    func during<T>(_ body: () async throws -> T) async throws -> T {
        async let writing: Void = write()
        let result: Result<T, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        isEnding.store(true, ordering: .relaxed)
        try await writing
        return try result.get()
    }

    private func write() async throws {
        try await onThread {
            let connection = try PostgresConnection(self.database)
            let pause: PostgresStatement = "SELECT pg_sleep(0.01)"
            var sequence: Int64 = 0
            while !self.isEnding.load(ordering: .relaxed) {
                try connection.query(Self.insert, [.int8(sequence), .int8(Int64(Self.parcels))])
                sequence += 1
                _ = try connection.query(pause)
            }
        }
    }

    private static let insert: PostgresStatement = """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        SELECT 'parcel', 'parcel-' || p, $1, 'parcel_moved', convert_to(p || '/' || $1, 'UTF8') FROM generate_series(1,
            $2) p
        """
}
