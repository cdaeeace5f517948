import Postgres

/// A walk through the parked keys, oldest first: SQL of the tables `scanned`, the keys that are looked at, and `found`,
/// those of them that match, both with all columns of `parked`; and the parameters of the SQL.
///
/// A filter by time begins where that time begins, and one key is found by its name. Every other condition is checked
/// key by key, so that the number of keys that are looked at is bounded. A condition on the refused row costs a look
/// into the outbox for each of them.
struct ParkedWalk {
    let sql: String
    let parameters: [PostgresParameter]
    /// How many keys are looked at; nil for all.
    let scan: Int?

    private struct Text {
        var parameters: [PostgresParameter] = []

        mutating func add(_ parameter: PostgresParameter) -> String {
            parameters.append(parameter)
            return "$\(parameters.count)"
        }
    }

    /// - Parameters:
    ///   - schema: quoted.
    ///   - cursor: begin behind this key.
    ///   - limit: how many matching keys are wanted; nil for all.
    ///   - isBounded: whether the number of keys that are looked at is bounded.
    init(_ filter: ParkedFilter, schema: String, after cursor: ParkedCursor? = nil, limit: Int?, isBounded: Bool = true)
    {
        var text = Text()
        let edges = Self.edges(filter, cursor, &text)
        let (conditions, looksIntoOutbox) = Self.conditions(filter, schema, &text)
        let most = looksIntoOutbox ? OperationsLimits.keysLookedInto : OperationsLimits.keysScanned
        scan = !isBounded ? nil : conditions.isEmpty ? limit : most
        parameters = text.parameters
        let order = "ORDER BY parked_at, aggregate_type, aggregate_id"
        let row =
            looksIntoOutbox
            ? """
            JOIN \(schema).source AS s ON s.outbox_id = p.outbox_id
            LEFT JOIN \(schema).held AS h ON h.outbox_id = p.outbox_id
            """ : ""
        sql = """
            scanned AS MATERIALIZED (
                SELECT p.* FROM \(schema).parked AS p \(Self.clause(edges)) \(order) \(scan.map { "LIMIT \($0)" } ?? "")
            ), found AS MATERIALIZED (
                SELECT p.* FROM scanned AS p \(row) \(Self.clause(conditions))
                ORDER BY p.parked_at, p.aggregate_type, p.aggregate_id \(limit.map { "LIMIT \($0)" } ?? "")
            )
            """
    }

    private static func clause(_ conditions: [String]) -> String {
        conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    }

    /// What an index answers.
    private static func edges(_ filter: ParkedFilter, _ cursor: ParkedCursor?, _ text: inout Text) -> [String] {
        var edges: [String] = []
        if filter.isOneKey {
            edges.append("p.aggregate_type = \(text.add(.text(filter.aggregateType)))")
            edges.append("p.aggregate_id = \(text.add(.text(filter.aggregateId)))")
        }
        if let since = filter.parkedSince {
            edges.append("p.parked_at >= \(text.add(.timestamp(microsecondsSince1970: since.microseconds)))")
        }
        if let before = filter.parkedBefore {
            edges.append("p.parked_at < \(text.add(.timestamp(microsecondsSince1970: before.microseconds)))")
        }
        if let cursor {
            let at = text.add(.timestamp(microsecondsSince1970: cursor.parkedAt.microseconds))
            let (type, id) = (text.add(.text(cursor.aggregateType)), text.add(.text(cursor.aggregateId)))
            edges.append("(p.parked_at, p.aggregate_type, p.aggregate_id) > (\(at), \(type), \(id))")
        }
        return edges
    }

    /// What has to be looked at key by key; and whether the refused row `s`, with the held row `h`, is needed for it.
    private static func conditions(
        _ filter: ParkedFilter, _ schema: String, _ text: inout Text
    ) -> (conditions: [String], looksIntoOutbox: Bool) {
        var conditions: [String] = []
        if !filter.isOneKey {
            if let type = filter.aggregateType { conditions.append("p.aggregate_type = \(text.add(.text(type)))") }
            if let id = filter.aggregateId { conditions.append("p.aggregate_id = \(text.add(.text(id)))") }
        }
        if let part = filter.errorContains {
            conditions.append("position(lower(\(text.add(.text(part)))) IN lower(p.error)) > 0")
        }
        let cheap = conditions.count
        if let event = filter.eventType { conditions.append("s.event_type = \(text.add(.text(event)))") }
        if let topic = filter.topic {
            let template = text.add(.text(filter.topics))
            conditions.append(
                """
                \(schema).topic_of(\(template), s.aggregate_type, s.event_type,
                                   CASE WHEN h.edited THEN h.headers ELSE s.headers END) = \(text.add(.text(topic)))
                """)
        }
        return (conditions, conditions.count > cheap)
    }
}
