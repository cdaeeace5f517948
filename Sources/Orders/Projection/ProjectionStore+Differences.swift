import Postgres

/// How a part of the live read model differs from the new one, for the receipt of a rebuild.
struct RebuildDifferences {
    let missing: Int64
    let behind: Int64
    let ahead: Int64
    let different: Int64
    let unknown: Int64
    /// The first of them, as a JSON array of texts: the kind and the order's id.
    let examples: String

    var parameters: [PostgresParameter] {
        [
            .int8(missing), .int8(behind), .int8(ahead), .int8(different), .int8(unknown),
            .literal(examples),
        ]
    }
}

extension ProjectionStore {
    private enum DifferenceColumn: Int { case missing, behind, ahead, different, unknown, examples }

    private static let compareThrough = comparing(isBounded: true)
    private static let compareRest = comparing(isBounded: false)

    /// Two statements, because a condition that may be NULL bounds no index.
    ///
    /// What is noted changed a moment ago, and what is young may be on its way through Kafka: neither is a difference.
    private static func comparing(isBounded: Bool) -> PostgresStatement {
        let bound = isBounded ? "AND order_id <= $2" : "AND $2::text IS NULL"
        let young = ProjectionLimits.rebuildYoungSeconds
        let onItsWay = "n.updated_at > clock_timestamp() - \(young) * interval '1 second'"
        return PostgresStatement(
            """
            WITH compared AS (
                SELECT n.order_id,
                       CASE WHEN o.order_id IS NULL THEN CASE WHEN NOT \(onItsWay) THEN 'missing' END
                            WHEN o.last_sequence_number < n.last_sequence_number
                                THEN CASE WHEN NOT \(onItsWay) THEN 'behind' END
                            WHEN o.last_sequence_number > n.last_sequence_number THEN 'ahead'
                            WHEN ROW (o.*) IS DISTINCT FROM ROW (n.*) THEN 'different' END AS kind
                FROM (SELECT * FROM order_projection_shadow WHERE order_id > $1 \(bound)) AS n
                LEFT JOIN order_projection AS o ON o.order_id = n.order_id
                UNION ALL
                SELECT o.order_id, 'unknown'
                FROM (SELECT order_id FROM order_projection WHERE order_id > $1 \(bound)) AS o
                WHERE NOT EXISTS (SELECT FROM order_projection_shadow AS n WHERE n.order_id = o.order_id)
            ), differences AS (
                SELECT order_id, kind FROM compared AS d
                WHERE kind IS NOT NULL AND NOT EXISTS (
                    SELECT FROM order_projection_rebuild_change AS c WHERE c.order_id = d.order_id)
            )
            SELECT count(*) FILTER (WHERE kind = 'missing'), count(*) FILTER (WHERE kind = 'behind'),
                   count(*) FILTER (WHERE kind = 'ahead'), count(*) FILTER (WHERE kind = 'different'),
                   count(*) FILTER (WHERE kind = 'unknown'),
                   to_jsonb(array(SELECT kind || ' ' || order_id FROM differences
                                  ORDER BY order_id LIMIT \(ProjectionLimits.rebuildExamples)))::text
            FROM differences
            """)
    }

    /// Compares the orders behind one id, up to another one or to the end.
    func differences(behind first: String, through last: String?) throws -> RebuildDifferences {
        let rows = try connection.query(
            last == nil ? Self.compareRest : Self.compareThrough, [.text(first), .text(last)])
        func count(_ column: DifferenceColumn) throws -> Int64 { try rows.int64(0, column.rawValue) }
        return RebuildDifferences(
            missing: try count(.missing), behind: try count(.behind), ahead: try count(.ahead),
            different: try count(.different), unknown: try count(.unknown),
            examples: try rows.string(0, DifferenceColumn.examples.rawValue))
    }
}
