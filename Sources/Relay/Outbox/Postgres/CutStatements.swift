import Postgres

/// The SQL that reads rows.
///
/// Two plans, because one serves badly: a fresh cut is found by transaction id (a handful of index entries, then a
/// sort), in the statement that takes it; a backlog is walked by outbox id, chunk by chunk. Each is written so that the
/// other's index cannot be chosen: one generic plan for both was measured at 59,675 buffers for 50 rows.
struct CutStatements: Sendable {
    let backlog: PostgresStatement
    /// For a chunk of a backlog that ends by its bytes.
    let heavyBacklog: PostgresStatement
    /// The ids of rows, without anything that could not be read.
    let ids: PostgresStatement
    /// One row, by its id.
    let one: PostgresStatement
    /// Its key.
    let key: PostgresStatement
    let floor: PostgresStatement
    let late: PostgresStatement
    /// For the mutant that deletes what is published.
    let deletePublished: PostgresStatement

    init(schema: String) {
        let source = PostgresConnection.quoteIdentifier(schema) + ".source"
        backlog = PostgresStatement(Self.lightChunk(Self.backlogCandidates(source)))
        heavyBacklog = PostgresStatement(Self.chunk("(\(Self.backlogCandidates(source))) AS candidates"))
        ids = PostgresStatement(Self.ids(source))
        one = PostgresStatement(
            """
            SELECT \(Self.decoded)
            FROM (SELECT \(Self.columns), octet_length(payload)::bigint AS running
                  FROM \(source) WHERE outbox_id = $1) AS row
            """)
        key = PostgresStatement("SELECT aggregate_type, aggregate_id FROM \(source) WHERE outbox_id = $1")
        // Once per backlog: the smallest id the walk has to begin at. Reads the index (transaction_id, outbox_id) only.
        floor = PostgresStatement("SELECT coalesce(min(outbox_id), 0) FROM \(source) WHERE transaction_id >= $1::xid8")
        deletePublished = PostgresStatement(
            "DELETE FROM \(source) WHERE pg_visible_in_snapshot(transaction_id, $1::pg_snapshot)")
        late = PostgresStatement(
            """
            SELECT coalesce(array_agg(x)::text, '{}') FROM unnest($1::xid8[]) AS x
            WHERE pg_visible_in_snapshot(x, $2::pg_snapshot) AND EXISTS (SELECT FROM \(source) WHERE transaction_id = x)
            """)
    }

    /// The columns of ``decoded``, in its order.
    enum Column: Int {
        case outboxID, eventID, aggregateType, aggregateID, sequenceNumber, eventType, payload, headers, createdAt
        /// The payload bytes of the chunk up to and with the row; the whole chunk's where the chunk is not measured row
        /// by row.
        case running
    }

    /// The columns of a row in the source.
    static let columns =
        "outbox_id, event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers, created_at"

    /// $1 xmax, $2 in progress, $3 draining, $4 after, $5 rows.
    private static func ids(_ source: String) -> String {
        """
        SELECT outbox_id FROM (
            SELECT outbox_id FROM \(source)
            WHERE transaction_id >= $1::xid8 AND pg_visible_in_snapshot(transaction_id, $3::pg_snapshot)
            UNION ALL
            SELECT outbox_id FROM \(source)
            WHERE transaction_id = ANY ($2::xid8[])
              AND pg_visible_in_snapshot(transaction_id, $3::pg_snapshot)) AS candidates
        WHERE outbox_id > $4 ORDER BY outbox_id LIMIT $5
        """
    }

    /// The same and $6 bytes, but $2 holds only late transactions that have rows, and $7 is where the walk of the fresh
    /// ones stands. IS TRUE hides the condition from the index on transaction_id; comparing rows hides the late ones
    /// from the index on outbox_id, which would walk past everything published since.
    private static func backlogCandidates(_ source: String) -> String {
        """
        (SELECT \(columns) FROM \(source)
         WHERE outbox_id > $7 AND (transaction_id >= $1::xid8) IS TRUE
           AND pg_visible_in_snapshot(transaction_id, $3::pg_snapshot)
         ORDER BY outbox_id LIMIT $5)
        UNION ALL
        (SELECT rows.* FROM unnest($2::xid8[]) AS x
         CROSS JOIN LATERAL (SELECT \(columns) FROM \(source)
                             WHERE (transaction_id, outbox_id) > (x, $4) AND transaction_id <= x
                             ORDER BY transaction_id, outbox_id LIMIT $5) AS rows)
        """
    }

    /// Orders the candidates and ends the chunk at so many rows, if all of them are so few bytes; else there is a row
    /// with nothing but the bytes. Adding them up in a second scan costs a fifth of what a running sum does.
    private static func lightChunk(_ candidates: String) -> String {
        """
        WITH sized AS MATERIALIZED (SELECT sum(octet_length(payload)) AS running FROM (\(candidates)) AS candidates)
        (SELECT \(decoded)
         FROM (SELECT *, (SELECT running FROM sized) AS running FROM (\(candidates)) AS candidates) AS chunk
         WHERE outbox_id > $4 AND coalesce((SELECT running FROM sized), 0) < $6
         ORDER BY outbox_id LIMIT $5)
        UNION ALL
        SELECT \(decodedNone) FROM sized WHERE running >= $6
        """
    }

    /// Orders the candidates and ends the chunk at so many rows, or with the row that reaches so many bytes.
    private static func chunk(_ candidates: String) -> String {
        """
        WITH chunk AS (\(measured) FROM \(candidates) WHERE outbox_id > $4 ORDER BY outbox_id LIMIT $5)
        SELECT \(decoded) FROM chunk WHERE coalesce(running - size, 0) < $6
        ORDER BY outbox_id
        """
    }

    /// The candidates with the bytes up to and with each. Lengths are known without reading toasted payloads.
    private static let measured = """
        SELECT *, coalesce(octet_length(payload), 0) AS size,
               sum(coalesce(octet_length(payload), 0)) OVER (ORDER BY outbox_id ROWS UNBOUNDED PRECEDING) AS running
        """

    /// The columns of ``decoded`` for no row: all NULL but `running`.
    static let decodedNone = String(repeating: "NULL, ", count: Column.running.rawValue) + "running"

    /// What ``Chunk`` decodes. Headers become a text[] of names and values by turns.
    static let decoded = """
        outbox_id, event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload,
        CASE WHEN headers IS NOT NULL THEN
            (SELECT array_agg(item ORDER BY key, side)
             FROM jsonb_each_text(headers), LATERAL (VALUES (1, key), (2, value)) AS pair (side, item)) END,
        created_at, coalesce(running, 0)
        """
}
