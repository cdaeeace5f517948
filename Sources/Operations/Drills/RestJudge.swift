import Postgres

/// Judges a stack that is at rest and should be well: whether its services say so, and what the fault left in Postgres.
struct RestJudge {
    let stack: DrillStack
    let rowsRolledBack: Int

    /// - Throws: if Postgres does not answer.
    func findings() throws -> [WatchJudge.Finding] {
        let connection = try stack.postgres.connect()
        let (breaches, example) = stack.watchesLeaders ? try LeaderWatch.breaches(connection) : (0, "")
        return try [health(connection), (.fenced, breaches, example)] + dead(connection)
    }

    // MARK: Health

    /// Every service is ready, and the first relay's numbers are those of Postgres, after a moment.
    private func health(_ connection: PostgresConnection) throws -> WatchJudge.Finding {
        let probe = DrillProbe(stack)
        var last = ""
        do {
            try Patience.until("the truth", seconds: DrillLimits.readySeconds) {
                last = try lie(probe, connection) ?? ""
                return last.isEmpty
            }
            return (.honest, 0, "")
        } catch let error as DrillError {
            guard !last.isEmpty else { throw error }
            return (.honest, 1, "at rest, and \(last)")
        }
    }

    private static let truth: PostgresStatement = """
        SELECT (SELECT unpublished_rows FROM outbox_state), (SELECT count(*) FROM outbox_relay.held),
               (SELECT count(*) FROM outbox_relay.parked), (SELECT leader FROM relay_state) = 'first'
        """

    private func lie(_ probe: DrillProbe, _ connection: PostgresConnection) throws -> String? {
        let ready = probe.ready()
        for service in DrillStack.Service.allCases where ready[service] != true {
            return "\(service.rawValue) \(ready[service] == nil ? "does not answer" : "says that it is not ready")"
        }
        let rows = try connection.query(Self.truth)
        let truth = RelayNumbers(
            unpublished: Int(try rows.int64(0, 0)), held: Int(try rows.int64(0, 1)), parked: Int(try rows.int64(0, 2)),
            leads: try rows.bool(0, 3))
        guard let told = probe.relay() else { return "the relay has no metrics" }
        guard told.leads == truth.leads else {
            return "the relay says that it \(told.leads ? "leads" : "does not lead")"
        }
        // A relay that does not lead counts nothing.
        guard truth.leads, told != truth else { return nil }
        return "the relay tells \(told), and it is \(truth)"
    }

    // MARK: Dead rows

    private static let deadRows: PostgresStatement = """
        SELECT relname,
               CASE WHEN relname LIKE 'checkpoint%' THEN n_dead_tup
                    ELSE greatest(n_dead_tup, n_tup_upd + n_tup_del) END
        FROM pg_stat_user_tables
        WHERE relname IN ('event', 'checkpoint_0', 'checkpoint_1') OR relname LIKE 'outbox\\__' ORDER BY relname
        """

    /// Rows of the outbox and of the event store are never updated and never deleted, and the checkpoint's twins are
    /// emptied in turns. What a vacuum has cleaned counts as well.
    private func dead(_ connection: PostgresConnection) throws -> [WatchJudge.Finding] {
        let rows = try connection.query(Self.deadRows)
        return try (0..<rows.count).map { row in
            let (table, dead) = (try rows.string(row, 0), Int(try rows.int64(row, 1)))
            let bound =
                table.hasPrefix("checkpoint") ? DrillLimits.deadCheckpointRows : DrillLimits.deadRows + rowsRolledBack
            return (.lean, max(0, dead - bound), "\(table) has \(dead) dead rows")
        }
    }
}
