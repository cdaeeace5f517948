import Postgres
import Sabotage

/// The statements that append a batch. There are four variants, because most batches need neither idempotency keys nor
/// several events for one order.
enum AppendStatement {
    /// How many parameters the columns of a list of events are: `$1` to `$8` are the first events of their orders, and
    /// the next eight are the others, if there are any. The key columns follow.
    static let parametersOfEvents = 8

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

    /// Appends the events of an order all or not at all, whatever other writers append:
    ///
    /// - only the *first* event of an order can be left out because its number is taken (ON CONFLICT DO NOTHING);
    /// - the *rest* is inserted only where the first event was, and raises an error if a number of it is taken, which
    ///   only a writer that leaves gaps can cause;
    /// - the event before the first one must be the one that the decision was made on. After a failover to a standby
    ///   that lagged behind it may not exist, after a restore another one may be there, and what a caller knew of the
    ///   order may come from a message that no event caused.
    ///
    /// The outbox rows are made from the inserted events, in order.
    private static func make(hasKeys: Bool, hasRest: Bool) -> PostgresStatement {
        let rest = parametersOfEvents + 1
        let keys = hasRest ? rest + parametersOfEvents : rest
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
                    WHERE previous.aggregate_id = i.aggregate_id AND \(isPrevious)
                        AND previous.event_id = i.previous_id))
                \(hasKeys ? keysAreOurs(from: keys) : "")
                ON CONFLICT (aggregate_id, sequence_number) DO NOTHING
                RETURNING \(inserted)
            )
            """
        if hasRest {
            sql += """
                , rest AS (
                    INSERT INTO event (\(columns))
                    SELECT \(selected)
                    FROM \(unnested(from: rest))
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

            INSERT INTO outbox (
                event_id, aggregate_id, sequence_number, event_type, payload, headers, created_at, aggregate_type)
            SELECT \(inserted), '\(orderAggregateType)' FROM \(source)
            RETURNING event_id
            """
        return PostgresStatement(sql)
    }

    private static let isPrevious =
        Mutant.numberSkipped.isOn
        ? "previous.sequence_number < i.sequence_number" : "previous.sequence_number = i.sequence_number - 1"

    private static let selected = """
        i.event_id, i.aggregate_id, i.sequence_number, '\(orderAggregateType)', i.event_type, i.event_data, \
        CASE WHEN i.traceparent IS NOT NULL THEN jsonb_build_object('traceparent', i.traceparent) END, i.created_at
        """

    private static func unnested(from p: Int) -> String {
        """
        unnest($\(p)::uuid[], $\(p + 1)::text[], $\(p + 2)::bigint[], $\(p + 3)::text[], $\(p + 4)::bytea[], \
        $\(p + 5)::text[], $\(p + 6)::timestamptz[], $\(p + 7)::uuid[]) \
        AS i (event_id, aggregate_id, sequence_number, event_type, event_data, traceparent, created_at, previous_id)
        """
    }

    /// Leaves out the orders of commands whose key was stored by another command.
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

    /// The identifiers of the events that have these sequence numbers.
    static let standing: PostgresStatement = """
        SELECT e.event_id
        FROM unnest($1::text[], $2::bigint[]) AS wanted (aggregate_id, sequence_number)
        JOIN event e ON e.aggregate_id = wanted.aggregate_id AND e.sequence_number = wanted.sequence_number
        """
}
