import Postgres
import TestKit

extension PostgresConnection {
    private static let waitLimit = Duration.seconds(60)

    /// Blocks until a condition holds.
    func waits(for condition: String) throws {
        let statement = PostgresStatement("SELECT coalesce((SELECT \(condition)), false)")
        guard try looks(until: { try query(statement).bool(0, 0) }) else {
            throw TestFailure("it did not come to: \(condition)")
        }
    }

    /// Blocks until the relay holds the sleep lock.
    func waitsUntilAsleep() throws { try waits(for: "is_asleep FROM relay_state") }

    /// Blocks and looks again and again; false when that is in vain. It sleeps between the looks, in the server, and
    /// not while looking: the locks of a look would be in the relay's way.
    func looks(until isSo: () throws -> Bool) throws -> Bool {
        let deadline = ContinuousClock.now + Self.waitLimit
        while try !isSo() {
            guard .now < deadline else { return false }
            try execute("SELECT pg_sleep(0.01)")
        }
        return true
    }
}
