import Postgres
import TestKit

@testable import Outbox

/// Four wrong relays, each in as few lines as possible, to prove that the checker sees their mistakes.
struct WrongRelay {
    enum Mistake: String, CaseIterable, Sendable {
        /// `WHERE outbox_id > last`: skips rows that commit late.
        case readsByLastID
        /// `WHERE transaction_id < xmin ORDER BY transaction_id`: inverts aggregates whose writer got its id early.
        case readsBelowXmin
        /// The cut counts as published before the broker has acknowledged it: a crash loses what was in flight.
        case checkpointsBeforeAck
        /// A crash in mid-cut goes on with `drained_through` in a newly taken cut.
        case keepsDrainingInMemory
    }

    let outbox: TestOutbox
    let mistake: Mistake
    private var random: SplitMix

    // What a database would remember over a crash.
    private var lastID: Int64 = 0
    private var lastTransaction: UInt64 = 0
    private var published = Snapshot("1:1:")!
    private var drainedThrough: Int64 = 0

    init(_ outbox: TestOutbox, _ mistake: Mistake, seed: UInt64) {
        self.outbox = outbox
        self.mistake = mistake
        random = SplitMix(seed)
    }

    private typealias Row = (message: MemoryTopic.Message, transaction: UInt64)

    mutating func run(areWritersDone: () -> Bool) throws {
        // Its statements differ every time: preparing them would fill the server's memory.
        var configuration = outbox.postgres
        configuration.preparesStatements = false
        let connection = try PostgresConnection(configuration)
        var emptyRounds = 0
        while emptyRounds < 2 {
            let wasDone = areWritersDone()
            let count = try round(connection, mayCrash: !wasDone)
            try connection.execute("SELECT pg_sleep(0.002)")
            emptyRounds = wasDone && count == 0 ? emptyRounds + 1 : 0
        }
    }

    private mutating func round(_ connection: PostgresConnection, mayCrash: Bool) throws -> Int {
        switch mistake {
        case .readsByLastID:
            let rows = try read(connection, "outbox_id > \(lastID) ORDER BY outbox_id")
            send(rows)
            lastID = rows.last?.message.outboxID ?? lastID
            return rows.count
        case .readsBelowXmin:
            let rows = try read(
                connection,
                """
                (transaction_id, outbox_id) > ('\(lastTransaction)'::xid8, \(lastID))
                AND transaction_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY transaction_id, outbox_id
                """)
            send(rows)
            if let last = rows.last { (lastID, lastTransaction) = (last.message.outboxID, last.transaction) }
            return rows.count
        case .checkpointsBeforeAck, .keepsDrainingInMemory:
            return try cut(connection, mayCrash: mayCrash)
        }
    }

    /// One cut, sent in two halves, with a crash between them now and then.
    private mutating func cut(_ connection: PostgresConnection, mayCrash: Bool) throws -> Int {
        let text = try connection.query("SELECT pg_current_snapshot()::text").string(0, 0)
        guard let draining = Snapshot(text) else { return 0 }
        let rows = try read(
            connection,
            """
            outbox_id > \(drainedThrough) AND pg_visible_in_snapshot(transaction_id, '\(draining.text)')
            AND NOT pg_visible_in_snapshot(transaction_id, '\(published.text)') ORDER BY outbox_id
            """)
        if mistake == .checkpointsBeforeAck { published = draining }
        let half = Array(rows.prefix(rows.count / 2))
        send(half)
        if mayCrash, rows.count > 1, Int.random(in: 0..<3, using: &random) == 0 {
            if mistake == .keepsDrainingInMemory { drainedThrough = half.last?.message.outboxID ?? drainedThrough }
            return rows.count
        }
        send(Array(rows.dropFirst(half.count)))
        published = draining
        drainedThrough = 0
        return rows.count
    }

    private func send(_ rows: [Row]) {
        for row in rows { outbox.topic.append(row.message) }
    }

    private func read(_ connection: PostgresConnection, _ condition: String) throws -> [Row] {
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT outbox_id, aggregate_type, aggregate_id, sequence_number, transaction_id::text FROM outbox
                WHERE \(condition)
                """))
        return try (0..<rows.count).map { row in
            let key = OutboxKey(aggregateType: try rows.string(row, 1), aggregateID: try rows.string(row, 2))
            let message = MemoryTopic.Message(
                outboxID: try rows.int64(row, 0), key: key, sequence: try rows.int64(row, 3), epoch: 0)
            return (message, UInt64(try rows.string(row, 4)) ?? 0)
        }
    }
}
