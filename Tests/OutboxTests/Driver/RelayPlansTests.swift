import Postgres
import TestKit
import Testing

@testable import Outbox

/// The statements of a relay that began on an empty outbox, when the outbox is large. The measure is the number of
/// buffers that a statement touches.
struct RelayPlansTests {
    private static let rows = 200_000
    /// A chunk of some thousand rows touches a few hundred buffers; the table has more than five thousand.
    private static let buffersPerCall: Int64 = 2_000

    @Test func aRelayThatBeganOnAnEmptyOutboxReadsALargeOneByItsIndexes() async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay()) {
            try await onThread {
                let observer = try outbox.connect()
                try observer.execute("CREATE EXTENSION pg_stat_statements")
                // Its ANALYZE would replace the plans.
                for leaf in 0..<6 { try observer.execute("ALTER TABLE outbox_\(leaf) SET (autovacuum_enabled = off)") }
                for number in 0..<10 {
                    try observer.insertRow("a", Int64(number))
                    #expect(outbox.topic.wait { $0.count == number + 1 })
                }
                try observer.execute(
                    "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
                // In many transactions: a cut passes over the rows of one that is still open, which are not its rows.
                try observer.execute(
                    """
                    DO $$ BEGIN
                        FOR batch IN 1..\(Self.rows / 1_000) LOOP
                            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                            SELECT 'order', 'order ' || n, batch, 'happened', decode(repeat('00', 100), 'hex')
                            FROM generate_series(1, 1000) n;
                            COMMIT;
                        END LOOP;
                    END $$
                    """)
                #expect(outbox.topic.wait { $0.count == Self.rows + 10 })
                // A late row, behind everything that is published.
                try observer.insertRow("a", 10)
                #expect(outbox.topic.wait { $0.count == Self.rows + 11 })
                try expectFewBuffers(observer)
            }
        }
    }

    private func expectFewBuffers(_ connection: PostgresConnection) throws {
        let statements = try connection.query(
            """
            SELECT query, ((shared_blks_hit + shared_blks_read) / calls)::bigint, calls FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '%INSERT INTO outbox (%'
                -- Once for each backlog it reads the entries of all rows that wait, and no row.
                AND query NOT LIKE 'SELECT coalesce(min(outbox_id), $2)%'
            """)
        #expect(statements.count > 5)
        for row in 0..<statements.count {
            let (text, buffers) = (try statements.string(row, 0), try statements.int64(row, 1))
            let calls = try statements.int64(row, 2)
            #expect(buffers <= Self.buffersPerCall, "\(buffers) buffers, \(calls) calls: \(text)")
        }
    }
}
