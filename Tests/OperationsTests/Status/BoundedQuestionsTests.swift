import Postgres
import TestKit
import Testing

@testable import Operations

/// No question reads more rows because the outbox is larger: it would be unusable on the day it is needed.
@Suite struct BoundedQuestionsTests {
    private static let rows = 200_000
    /// Three walks of ten thousand rows, each with a look at the held rows, are the most that a question does.
    private static let mostRead: Int64 = 61_000

    @Test func everyQuestionReadsABoundedNumberOfRows() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            var configuration = outbox.postgres
            configuration.statementDeadline = nil
            let connection = try PostgresConnection(configuration)
            // A transaction of somebody else runs while the checkpoint is taken: its rows would come late.
            let foreigner = try PostgresConnection(configuration)
            try foreigner.execute("BEGIN; SELECT pg_current_xact_id()")
            try Self.fill(connection)
            let desk = try OperatorDesk(connection)
            let middle = try desk.moment("2026-01-01 12:00+00")
            try Self.check("status", connection) {
                let notes = try desk.status().notes
                #expect(notes.isEmpty, "\(notes)")
            }
            try Self.check("parked keys", connection) { _ = try desk.parkedKeys() }
            try Self.check("preview", connection) { _ = try desk.previewRelease(ParkedFilter()) }
            try Self.check("decisions", connection) { _ = try desk.decisions() }
            for order in [EventOrder.newestFirst, .oldestFirst] {
                try Self.check("all, \(order)", connection) { _ = try desk.events(order: order) }
                for state in RowState.allCases {
                    try Self.list("\(state), \(order)", connection, desk, order) { $0.state = state }
                }
                try Self.list("a key, \(order)", connection, desk, order) { $0.aggregateId = "key-77" }
                try Self.list("a type that is not there, \(order)", connection, desk, order) { $0.eventType = "none" }
                try Self.list("a time, \(order)", connection, desk, order) { ($0.since, $0.until) = (middle, middle) }
            }
            try Self.check("one row", connection) { _ = try desk.life(of: 100) }
        }
    }

    private static func list(
        _ name: String, _ connection: PostgresConnection, _ desk: OperatorDesk, _ order: EventOrder,
        _ change: (inout EventFilter) -> Void
    ) throws {
        var filter = EventFilter()
        change(&filter)
        try check(name, connection) { _ = try desk.events(filter, order: order) }
    }

    private static func check(_ name: String, _ connection: PostgresConnection, _ body: () throws -> Void) throws {
        let before = try read(connection)
        try body()
        let grown = try read(connection).map { index, rows in (index, rows - before[index, default: 0]) }
            .sorted { $0.1 > $1.1 }
        let read = grown.reduce(0) { $0 + $1.1 }
        #expect(read < mostRead, "\(name) read \(read) rows: \(grown.prefix(4))")
    }

    /// Rows that scans have returned so far, by index, or by table for scans without one.
    private static func read(_ connection: PostgresConnection) throws -> [String: Int64] {
        try connection.execute("SELECT pg_stat_force_next_flush()")
        let rows = try connection.query(
            """
            SELECT indexrelname::text, idx_tup_read FROM pg_stat_user_indexes
            UNION ALL
            SELECT relname::text, seq_tup_read FROM pg_stat_user_tables
            WHERE relname LIKE 'outbox%' OR relname = 'decision'
            """)
        var read: [String: Int64] = [:]
        for row in 0..<rows.count { read[try rows.string(row, 0), default: 0] += try rows.int64(row, 1) }
        return read
    }

    /// Two thirds are published and the rest waits; of a hundred thousand rows the keys are parked.
    private static func fill(_ connection: PostgresConnection) throws {
        let insert = """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload, created_at)
            SELECT 'order', 'key-' || s % 1000, s / 1000, 'happened', '{}',
                   '2026-01-01 00:00+00'::timestamptz + s * interval '0.5 seconds'
            FROM generate_series(RANGE) s
            """
        let border = rows * 2 / 3
        try connection.execute(insert.replacing("RANGE", with: "0, \(border - 1)"))
        try connection.execute(
            """
            UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot(), cut = 1;
            INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error)
            SELECT 'letter', 'key-' || s, s, 'too large' FROM generate_series(1, 50000) s;
            INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id)
            SELECT s, 'letter', 'key-' || s / 2 FROM generate_series(1, 100000) s;
            INSERT INTO outbox_relay.decision (action, reason) SELECT 'park', 'x' FROM generate_series(1, 100000)
            """)
        try connection.execute(insert.replacing("RANGE", with: "\(border), \(rows - 1)"))
        try connection.execute("VACUUM ANALYZE outbox_relay.held")
        try connection.execute("VACUUM ANALYZE outbox_relay.parked")
        try connection.execute("ANALYZE outbox")
    }
}
