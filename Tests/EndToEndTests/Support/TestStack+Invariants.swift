import InvariantKit
import Kafka
import Postgres
import TestKit
import Testing
import Threads

extension TestStack {
    var database: PostgresConfiguration { PostgresConfiguration(url: databaseURL, applicationName: "end-to-end-tests") }

    /// Waits until nothing is on its way any more, then checks I1 to I5.
    func expectInvariants(_ acknowledged: [Acknowledgement] = [], sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        try await settled()
        let (database, kafka) = (database, kafka)
        let violations = try await onThread {
            let reader = PipelineReader(database: database, kafka: kafka.configuration, topicPrefix: kafka.topicPrefix)
            return InvariantChecker(try reader.read(), acknowledged: acknowledged).violations()
        }
        #expect(violations.isEmpty, "\(violations.prefix(20).map(\.description))", sourceLocation: sourceLocation)
    }

    /// Every order is projected as far as its events go, and no payment is open.
    func settled(within limit: Duration = .seconds(120)) async throws {
        try await wait(
            for: """
                SELECT NOT EXISTS (
                    SELECT FROM (SELECT aggregate_id, max(sequence_number) AS last FROM event GROUP BY aggregate_id) e
                    LEFT JOIN order_projection p ON p.order_id = e.aggregate_id
                    WHERE p.last_sequence_number IS DISTINCT FROM e.last
                        OR (p.payment_status IN (1, 2) AND p.shipping_status <> 5))
                """, within: limit)
    }

    /// Waits until a query answers true. Woken by the projector's notifications; looks on its own once a second as
    /// well, for conditions that no notification tells.
    func wait(for condition: String, within limit: Duration = .seconds(60)) async throws {
        let database = database
        try await onThread {
            let deadline = ContinuousClock.now + limit
            let connection = try PostgresConnection(database)
            try connection.listen("order_projection")
            let (statement, nobody) = (PostgresStatement(condition), try WakeDescriptor())
            while try !connection.query(statement).bool(0, 0) {
                guard .now < deadline else { throw TestFailure("still not true after \(limit): \(condition)") }
                _ = try connection.waitForActivity(until: min(deadline, .now + .seconds(1)), or: nobody)
                _ = try connection.notifications()
            }
        }
    }

    /// Every value of the first column, as text.
    func query(_ sql: String) async throws -> [String] {
        let database = database
        return try await onThread {
            let rows = try PostgresConnection(database).query(PostgresStatement(sql))
            return try (0..<rows.count).map { try rows.string($0, 0) }
        }
    }

    func execute(_ sql: String) async throws {
        let database = database
        try await onThread { try PostgresConnection(database).execute(sql) }
    }
}

extension TestStack {
    /// Asks again and again, without a pause, for a state that lasts only a moment.
    func spin(until condition: String, within limit: Duration = .seconds(60)) async throws {
        let database = database
        try await onThread {
            let deadline = ContinuousClock.now + limit
            let connection = try PostgresConnection(database)
            let statement = PostgresStatement(condition)
            while try !connection.query(statement).bool(0, 0) {
                guard .now < deadline else { throw TestFailure("never true within \(limit): \(condition)") }
            }
        }
    }

    /// Waits until the relay has published every row.
    func drained() async throws {
        try await wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_state WHERE unpublished_rows > 0)")
    }
}
