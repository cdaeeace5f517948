import Postgres

/// Numbers the rows that were there before, in short transactions, below all ids that new rows draw.
///
/// They get a transaction id that every snapshot sees: the relay's first cut holds them, before everything newer.
struct ExistingRowsSQL {
    let table: String
    let names: RelayNames
    let mapping: SourceMapping
    /// The column that tells their order; nil for their place in the table.
    let order: String?
    /// Whether existing rows lack ids too, not just transaction ids.
    let needsIDs: Bool

    /// - Parameter hasIndex: whether the helping index is there, and is valid.
    func steps(hasIndex: Bool?) -> [AdoptionPlan.Step] {
        var steps: [AdoptionPlan.Step] = []
        if let order {
            if hasIndex == false {
                steps.append(.init(title: "An index whose building was interrupted", sql: dropIndex, mode: .alone))
            }
            if hasIndex != true {
                let column = PostgresConnection.quoteIdentifier(order)
                let index = PostgresConnection.quoteIdentifier(names.orderIndex)
                steps.append(
                    .init(
                        title: "The order of existing rows",
                        sql: "CREATE INDEX CONCURRENTLY \(index) ON \(table) (\(column)) WHERE \(transaction) IS NULL;",
                        mode: .alone))
            }
        }
        steps.append(
            .init(
                title: "Existing rows get their numbers, \(AdoptionLimits.rowsPerNumbering) at a time", sql: numbering,
                mode: .alone))
        if order != nil { steps.append(.init(title: "No longer needed", sql: dropIndex, mode: .alone)) }
        return steps
    }

    private var dropIndex: String { "DROP INDEX CONCURRENTLY IF EXISTS \(names.beside(names.orderIndex));" }

    private var transaction: String { PostgresConnection.quoteIdentifier(mapping.columns[.transactionID] ?? "") }
    /// Where adopting adds the time, existing rows get the present time: they were written before it.
    private var time: String {
        guard let name = mapping.columns[.createdAt], SourceMapping.Addition.createdAt.names.contains(name) else {
            return ""
        }
        let column = PostgresConnection.quoteIdentifier(name)
        return "\(column) = coalesce(\(column), clock_timestamp()), "
    }
    private var id: String { PostgresConnection.quoteIdentifier(mapping.columns[.outboxID] ?? "") }

    /// FOR UPDATE waits for writers that change a row meanwhile; ties are broken by place.
    private var numbering: String {
        let key = order.map { PostgresConnection.quoteIdentifier($0) } ?? "ctid"
        let number = needsIDs ? "\(id) = coalesce(\(id), numbered.number), " : ""
        return """
            DO $adopt$
            DECLARE
                last bigint;
                done bigint;
            BEGIN
                LOOP
                    SELECT coalesce(max(\(id)), 0) INTO last
                    FROM \(table) WHERE \(id) < \(AdoptionLimits.firstAdoptedID);
                    WITH batch AS MATERIALIZED (
                        SELECT ctid AS place, \(key) AS rank FROM \(table) WHERE \(transaction) IS NULL
                        ORDER BY \(key) LIMIT \(AdoptionLimits.rowsPerNumbering) FOR UPDATE
                    ), numbered AS (
                        SELECT place, last + row_number() OVER (ORDER BY rank, place) AS number FROM batch
                    )
                    UPDATE \(table) AS t SET \(number)\(time)\(transaction) = '3'
                    FROM numbered WHERE t.ctid = numbered.place;
                    GET DIAGNOSTICS done = ROW_COUNT;
                    EXIT WHEN done = 0;
                    COMMIT;
                END LOOP;
            END
            $adopt$;
            """
    }
}
