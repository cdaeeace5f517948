import Postgres

extension OperatorDesk {
    /// A column with an array in JSON of ``OpenWork/Row``, for a statement that has the table `sessions`.
    ///
    /// What is open is looked for among the newest rows of each table, which has one row for each job.
    var openWorkColumn: String {
        let parts = OpenWork.Kind.allCases.filter { facts.visibleWork.contains($0) }.map { "(\(openWork($0)))" }
        guard !parts.isEmpty else { return "'[]'" }
        return """
            (SELECT coalesce(json_agg(json_strip_nulls(row_to_json(w))), '[]')::text
             FROM (\(parts.joined(separator: " UNION ALL "))) AS w (\(Self.columns)))
            """
    }

    private static let columns = "kind, number, state, subject, done, share, asked_at, caller, reason"

    private func openWork(_ kind: OpenWork.Kind) -> String {
        let limit = OperationsLimits.replaysShown
        switch kind {
        case .replay:
            return """
                SELECT 'replay', replay_id, \(state(ofSession: "'outbox-replay ' || replay_id")),
                       CASE WHEN aggregate_type IS NOT NULL
                            THEN 'of ' || aggregate_type || coalesce('/' || aggregate_id, '') END,
                       copied, (done_through - from_id + 1)::float8 / (to_id - from_id + 1),
                       \(Self.asked)
                FROM (SELECT * FROM \(schema).replay ORDER BY replay_id DESC LIMIT \(limit)) AS r
                WHERE ended_at IS NULL
                """
        case .bulk:
            return """
                SELECT 'bulk', bulk_id, \(state(ofSession: "'outbox-bulk ' || bulk_id")), '(' || action || ')',
                       keys + passed_over, (keys + passed_over)::float8 / nullif(total_keys, 0), \(Self.asked)
                FROM (SELECT * FROM \(schema).bulk ORDER BY bulk_id DESC LIMIT \(limit)) AS b
                WHERE ended_at IS NULL
                """
        case .rebuild:
            return """
                SELECT 'rebuild', rebuild_id,
                       CASE WHEN stop_asked_at IS NOT NULL THEN 'stopping' WHEN started_at IS NULL THEN 'waiting'
                            WHEN worked_at > clock_timestamp()
                                - \(OperationsLimits.projectorSilenceSeconds) * interval '1 second' THEN 'running'
                            ELSE 'interrupted' END,
                       'of the read model', orders,
                       CASE WHEN filled_at IS NOT NULL THEN 0.99
                            WHEN total_orders > 0 THEN least(0.99, orders::float8 / total_orders) END, \(Self.asked)
                FROM (SELECT * FROM order_projection_rebuild ORDER BY rebuild_id DESC LIMIT 1) AS p
                WHERE ended_at IS NULL
                """
        }
    }

    private func state(ofSession name: String) -> String {
        """
        CASE WHEN NOT EXISTS (SELECT FROM sessions AS a
                              WHERE a.datname = current_database() AND a.application_name = \(name)) THEN 'interrupted'
             WHEN stop_asked_at IS NOT NULL THEN 'stopping' ELSE 'running' END
        """
    }

    /// As ``Moment`` reads it.
    private static let asked = """
        to_char(asked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), caller, reason
        """

    func openWork(_ json: String) throws -> [OpenWork] {
        try OperatorJSON.value([OpenWork.Row].self, from: json).map { OpenWork($0) }
    }
}
