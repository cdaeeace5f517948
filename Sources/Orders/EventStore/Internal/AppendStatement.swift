import Postgres

/// The statements that append a batch, built from its parts: most batches need neither keys nor several events for one
/// order.
enum AppendStatement {
    static func statement(hasKeys: Bool, hasRest: Bool) -> PostgresStatement {
        switch (hasKeys, hasRest) {
        case (false, false): plain
        case (true, false): withKeys
        case (false, true): withRest
        case (true, true): withBoth
        }
    }

    private static let plain = make(hasKeys: false, hasRest: false)
    private static let withKeys = make(hasKeys: true, hasRest: false)
    private static let withRest = make(hasKeys: false, hasRest: true)
    private static let withBoth = make(hasKeys: true, hasRest: true)

    /// All or nothing per order, against anybody else who writes:
    ///
    /// - only the *first* event of an order may be dropped because its number is taken (ON CONFLICT DO NOTHING);
    /// - the *rest* follows only where the first was inserted, and raises an error if its number is taken all the same,
    ///   which only a writer that leaves gaps can cause;
    /// - the event before the first must be there: after a failover to a standby that lagged behind it may not be.
    ///
    /// The outbox rows are made from what was inserted, in order.
    private static func make(hasKeys: Bool, hasRest: Bool) -> PostgresStatement {
        let columns =
            "event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data, headers, created_at"
        let inserted = "event_id, aggregate_id, sequence_number, event_type, event_data, headers, created_at"
        var sql = """
            WITH first AS (
                INSERT INTO event (\(columns))
                SELECT \(selected)
                FROM \(unnested(from: 1))
                WHERE (i.sequence_number = 0 OR (
                    SELECT true FROM event previous
                    WHERE previous.aggregate_id = i.aggregate_id AND previous.sequence_number = i.sequence_number - 1))
                \(hasKeys ? keysAreOurs(from: hasRest ? 15 : 8) : "")
                ON CONFLICT (aggregate_id, sequence_number) DO NOTHING
                RETURNING \(inserted)
            )
            """
        if hasRest {
            sql += """
                , rest AS (
                    INSERT INTO event (\(columns))
                    SELECT \(selected)
                    FROM \(unnested(from: 8))
                    JOIN first ON first.aggregate_id = i.aggregate_id
                    RETURNING \(inserted)
                )
                """
        }
        let source =
            hasRest
            ? "(SELECT * FROM first UNION ALL SELECT * FROM rest ORDER BY aggregate_id, sequence_number) first"
            : "first"
        sql += """

            INSERT INTO outbox (event_id, aggregate_id, sequence_number, event_type, payload, headers, created_at, aggregate_type)
            SELECT \(inserted), '\(orderAggregateType)' FROM \(source)
            RETURNING event_id
            """
        return PostgresStatement(sql)
    }

    private static let selected = """
        i.event_id, i.aggregate_id, i.sequence_number, '\(orderAggregateType)', i.event_type, i.event_data, \
        CASE WHEN i.traceparent IS NOT NULL THEN jsonb_build_object('traceparent', i.traceparent) END, i.created_at
        """

    private static func unnested(from p: Int) -> String {
        """
        unnest($\(p)::uuid[], $\(p + 1)::text[], $\(p + 2)::bigint[], $\(p + 3)::text[], $\(p + 4)::bytea[], \
        $\(p + 5)::text[], $\(p + 6)::timestamptz[]) \
        AS i (event_id, aggregate_id, sequence_number, event_type, event_data, traceparent, created_at)
        """
    }

    /// Leaves out the orders for which somebody else holds the key.
    private static func keysAreOurs(from p: Int) -> String {
        """
        AND i.aggregate_id <> ALL (ARRAY(
            SELECT wanted.aggregate_id
            FROM unnest($\(p)::text[], $\(p + 1)::uuid[], $\(p + 2)::text[]) AS wanted (key, event_id, aggregate_id)
            WHERE (
                SELECT true FROM idempotency_key ours
                WHERE ours.key = wanted.key AND ours.event_id = wanted.event_id) IS NULL))
        """
    }

    /// Before the events, in order of the keys: in every process keys come first, so that nobody waits in a circle.
    static let insertKeys: PostgresStatement = """
        INSERT INTO idempotency_key (key, request_hash, event_id, order_id, order_version)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::text[], $5::bigint[])
        ON CONFLICT (key) DO NOTHING
        """

    /// After the events: a key leaves with the command that lost.
    static let removeKeysOfLosers: PostgresStatement = """
        DELETE FROM idempotency_key k
        USING unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[]) AS ours (key, event_id, aggregate_id, sequence_number)
        WHERE k.key = ours.key AND k.event_id = ours.event_id AND (
            SELECT true FROM event e
            WHERE e.aggregate_id = ours.aggregate_id AND e.sequence_number = ours.sequence_number
                AND e.event_id = ours.event_id) IS NULL
        """

    /// Which events stand where ours were to stand.
    static let standing: PostgresStatement = """
        SELECT e.event_id
        FROM unnest($1::text[], $2::bigint[]) AS wanted (aggregate_id, sequence_number)
        JOIN event e ON e.aggregate_id = wanted.aggregate_id AND e.sequence_number = wanted.sequence_number
        """
}
