import Postgres

/// Reads held rows that are to be published, and forgets them when they are published.
final class HeldRows {
    private let connection: PostgresConnection
    private let counted: PostgresStatement
    private let asked: PostgresStatement
    private let rows: PostgresStatement
    private let forgetRows: PostgresStatement
    private let forgetKey: PostgresStatement
    private let refuse: PostgresStatement
    private let retried: PostgresStatement
    private let forgetReleased: PostgresStatement

    private enum AskedColumn: Int { case aggregateType, aggregateID, isRetry }

    init(_ connection: PostgresConnection, schema: String) {
        self.connection = connection
        let schema = PostgresConnection.quoteIdentifier(schema)
        counted = PostgresStatement("SELECT count(*) FROM \(schema).held")
        asked = PostgresStatement(
            """
            SELECT aggregate_type, aggregate_id, release_asked_at IS NULL FROM \(schema).parked
            WHERE release_asked_at IS NOT NULL OR retry_at <= clock_timestamp()
            ORDER BY release_asked_at NULLS LAST, retry_at LIMIT \(OutboxLimits.keysPerRelease)
            """)
        retried = PostgresStatement(
            """
            INSERT INTO \(schema).decision (action, aggregate_type, aggregate_id, reason)
            VALUES ('release', $1, $2, 'tried again by the relay: Kafka takes it now')
            """)
        // The columns of a chunk, and the hold's id and whether the row is to be dropped. A skipped row needs no
        // source. OFFSET 0 has each row looked up by its id, whatever the planner thinks of the table's size.
        rows = PostgresStatement(
            """
            WITH chunk AS (
                SELECT h.hold_id, h.skipped, s.*, h.outbox_id AS id, coalesce(octet_length(s.payload), 0) AS size,
                       sum(coalesce(octet_length(s.payload), 0))
                           OVER (ORDER BY h.hold_id ROWS UNBOUNDED PRECEDING) AS running
                FROM (SELECT hold_id, outbox_id, skipped, edited, payload, headers FROM \(schema).held
                      WHERE aggregate_type = $1 AND aggregate_id = $2 AND hold_id > $3 ORDER BY hold_id LIMIT $4) AS h
                LEFT JOIN LATERAL (SELECT \(Self.columns)
                                   FROM \(schema).source AS o
                                   WHERE outbox_id = h.outbox_id AND NOT h.skipped
                                   OFFSET 0) AS s
                    ON true)
            SELECT id, event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload,
                   CASE WHEN headers IS NOT NULL THEN
                       (SELECT array_agg(item ORDER BY key, side)
                        FROM jsonb_each_text(headers), LATERAL (VALUES (1, key), (2, value)) AS pair (side, item)) END,
                   created_at, running, hold_id, skipped
            FROM chunk WHERE running - size < $5 ORDER BY hold_id
            """)
        forgetRows = PostgresStatement(
            "DELETE FROM \(schema).held WHERE aggregate_type = $1 AND aggregate_id = $2 AND hold_id <= $3")
        forgetKey = PostgresStatement(
            """
            DELETE FROM \(schema).parked AS p WHERE aggregate_type = $1 AND aggregate_id = $2 AND NOT EXISTS (
                SELECT FROM \(schema).held AS h
                WHERE h.aggregate_type = p.aggregate_type AND h.aggregate_id = p.aggregate_id)
            """)
        forgetReleased = PostgresStatement(
            """
            DELETE FROM \(schema).held AS h USING \(schema).held AS last
            WHERE last.hold_id = $1 AND h.aggregate_type = last.aggregate_type AND h.aggregate_id = last.aggregate_id
              AND h.hold_id <= last.hold_id
            """)
        refuse = PostgresStatement(
            """
            UPDATE \(schema).parked
            SET release_asked_at = NULL, error = $3,
                retry_at = clock_timestamp() + $4::bigint * interval '1 millisecond'
            WHERE aggregate_type = $1 AND aggregate_id = $2
            """)
    }

    /// The columns of a row `o` of the source, with the payload and the headers that an operator gave the held row `h`.
    private static let columns = CutStatements.columns
        .replacing("payload", with: "CASE WHEN h.edited THEN h.payload ELSE o.payload END AS payload")
        .replacing("headers", with: "CASE WHEN h.edited THEN h.headers ELSE o.headers END AS headers")

    /// How many rows are held; once per session, then it is kept up to date by what is held and forgotten.
    func count() throws -> Int { Int(try connection.query(counted).int64(0, 0)) }

    /// The keys whose release was asked for, in the order of asking, and those that are to be tried again by now.
    func askedFor() throws -> [(key: OutboxKey, isRetry: Bool)] {
        let found = try connection.query(asked)
        return try (0..<found.count).map { row in
            let key = OutboxKey(
                aggregateType: try found.string(row, AskedColumn.aggregateType),
                aggregateID: try found.string(row, AskedColumn.aggregateID))
            return (key, try found.bool(row, AskedColumn.isRetry))
        }
    }

    /// Records that a key flows again although no operator asked for it.
    func recordRetry(_ key: OutboxKey) throws {
        try connection.query(retried, [.text(key.aggregateType), .text(key.aggregateID)])
    }

    /// The next rows of a key behind this hold id, in order: `limit` at most, fewer if they are large.
    func next(of key: OutboxKey, after holdID: Int64, atMost limit: Int) throws -> HeldChunk {
        let found = try connection.query(
            rows,
            [
                .text(key.aggregateType), .text(key.aggregateID), .int8(holdID), .int8(Int64(limit)),
                .int8(Int64(OutboxLimits.bytesPerChunk)),
            ])
        return try HeldChunk(found, atMost: limit)
    }

    /// Forgets the rows of a key up to this hold id.
    func forget(_ key: OutboxKey, through holdID: Int64) throws {
        try connection.query(forgetRows, [.text(key.aggregateType), .text(key.aggregateID), .int8(holdID)])
    }

    /// Forgets the rows of a key up to this row, which a relay published before it ended without forgetting them.
    /// Nothing happens if the row is gone: then so are the others. Returns how many rows it forgot.
    func forget(releasedThrough holdID: Int64) throws -> Int {
        guard holdID > 0 else { return 0 }
        return try connection.query(forgetReleased, [.int8(holdID)]).affectedRows
    }

    /// Forgets a key, unless rows of it are held. Returns whether it did.
    func forget(_ key: OutboxKey) throws -> Bool {
        try connection.query(forgetKey, [.text(key.aggregateType), .text(key.aggregateID)]).affectedRows > 0
    }

    /// Records that Kafka refused again: the key stays parked, with the new reason, until an operator asks or the time
    /// of the next try comes.
    func refuse(_ key: OutboxKey, _ error: String, retryAfter: Duration?) throws {
        let text = String(error.prefix(OutboxLimits.parkedErrorCharacters))
        try connection.query(
            refuse, [.text(key.aggregateType), .text(key.aggregateID), .text(text), Self.milliseconds(retryAfter)])
    }

    /// NULL for nil.
    static func milliseconds(_ duration: Duration?) -> PostgresParameter {
        .int8(duration.map { Int64($0 / .milliseconds(1)) })
    }
}
