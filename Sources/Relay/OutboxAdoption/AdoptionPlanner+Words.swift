import Postgres

/// Notes and warnings.
extension AdoptionPlanner {
    func notes() -> [String] {
        var notes = [
            "precondition: of one aggregate, the next row is inserted after the previous one is committed, or in the "
                + "same transaction. Otherwise their order is not known."
        ]
        if !isAdopted && facts.hasRows {
            notes.append(
                options.existing == .publish
                    ? "rows that are there now are published first, ordered by "
                        + "\(order ?? "their place in the table, which is no order")"
                    : "rows that are there now count as published; rows inserted from now on are published")
        }
        if !mapping.additions.isEmpty {
            notes.append(
                "the table gets \(added): SELECT * and RETURNING * show them, and a statement with either that a "
                    + "session has prepared fails with 'cached plan must not change result type' until it is prepared "
                    + "again; COPY into the table has to name its columns")
        }
        if mapping.columns[.sequenceNumber] == nil {
            notes.append("the table has no sequence number: the header ce_sequence is left out")
        }
        for column in spareColumns where options.headers == nil && ColumnMapper.isReserved(column) {
            notes.append(
                "the column \(column) makes no header, since the relay writes one of that name; --headers "
                    + "NAME=\(column) gives it another"
            )
        }
        notes += mappingNotes()
        notes.append("rows stay in the table; this deletes those that are published, and no others: \(deletion)")
        return notes
    }

    private var added: String { mapping.additions.compactMap { mapping.columns[$0.source] }.joined(separator: ", ") }

    /// An adopted table keeps what was chosen for it; the notes name what changes.
    private func mappingNotes() -> [String] {
        guard isAdopted else { return [] }
        var notes: [String] = []
        if let before = facts.relay.mapping, before != mapping.text {
            let old = before.split(separator: ", ").map { String($0) }
            let gone = old.filter { !mapping.parts.contains($0) }.map { "no longer \($0)" }
            let new = mapping.parts.filter { !old.contains($0) }.map { "now \($0)" }
            notes.append("what is published changes: \((gone + new).joined(separator: ", "))")
        }
        let silent = spareColumns.filter { !ColumnMapper.isReserved($0) }
        if options.headers == nil && !silent.isEmpty {
            let columns = silent.joined(separator: ", ")
            notes.append(
                "not forwarded, as before: \(columns); --headers all, or a list of columns, makes headers of them")
        }
        return notes
    }

    /// Skipped rows have no transaction id. Where other rows could have none, rows without an id are left in the table.
    private var deletion: String {
        let column = { (name: SourceColumn) in "o.\(PostgresConnection.quoteIdentifier(mapping.columns[name] ?? ""))" }
        let isChecked = facts.hasNumbersCheck || !checkSteps().isEmpty
        let transaction = column(.transactionID)
        let visible = "pg_visible_in_snapshot(\(transaction), c.published)"
        return "DELETE FROM \(facts.name) o USING \(names.schema).checkpoint c WHERE "
            + (isChecked ? visible : "(\(transaction) IS NULL OR \(visible))")
            + " AND coalesce(\(column(.createdAt)), '-infinity') < now() - interval '1 day' AND NOT EXISTS (SELECT "
            + "FROM \(names.schema).held h WHERE h.outbox_id = \(column(.outboxID)))"
    }

    func warnings() -> [String] { orderWarnings() + tableWarnings() + triggerWarnings() }

    private func orderWarnings() -> [String] {
        var warnings: [String] = []
        if let id = mapping.columns[.outboxID].flatMap({ facts.column($0) }), let cache = id.sequenceCache, cache > 1 {
            warnings.append(
                "ALTER SEQUENCE ... CACHE 1: the sequence of \(id.name) has CACHE \(cache), so sessions draw ids in "
                    + "another order than they insert, and an aggregate's events can change places")
        }
        if publishesExisting, let order, let column = facts.column(order), column.isTransactionTime {
            warnings.append(
                "\(order) is the time at which a row's transaction began: of two transactions that began in one order "
                    + "and inserted in the other, existing rows of one aggregate change places. Name a better column "
                    + "with --order if there is one"
            )
        }
        return warnings
    }

    private func tableWarnings() -> [String] {
        var warnings: [String] = []
        if !facts.publications.isEmpty && !mapping.additions.isEmpty {
            warnings.append(
                "it is in the publication \(facts.publications.joined(separator: ", ")): logical replication stops "
                    + "until the subscribers' tables have \(added), so add the columns there first")
        }
        if facts.maxPreparedTransactions > 0 {
            warnings.append(
                "max_prepared_transactions is \(facts.maxPreparedTransactions): a two-phase transaction that inserts "
                    + "here while the relay sleeps fails at PREPARE TRANSACTION, because it has notified. Sessions "
                    + "that use two-phase commit have to SET outbox_relay.wake = off")
        }
        if publishesExisting && !facts.updateTriggers.isEmpty {
            let triggers = facts.updateTriggers.joined(separator: ", ")
            warnings.append("existing rows are numbered with an UPDATE, which fires \(triggers) for every row")
        }
        if isAdopted && !facts.relay.strangers.isEmpty {
            let things = facts.relay.strangers.joined(separator: ", ")
            warnings.append(
                "the relay's schema has other things in it (\(things)): DROP SCHEMA ... CASCADE would take them along")
        }
        if facts.rowsDeleted > 0 {
            warnings.append(
                "\(facts.rowsDeleted) of \(facts.rowsInserted) rows were deleted so far: a writer that inserts and "
                    + "deletes in one transaction (as for Debezium) leaves nothing to read. Remove the DELETE before "
                    + "relying on the relay"
            )
        }
        if facts.persistence == "u" {
            warnings.append("the table is unlogged: after a crash of Postgres its rows are gone, published or not")
        }
        return warnings
    }

    private func triggerWarnings() -> [String] {
        var warnings: [String] = []
        if case .switchedOff(let name) = facts.wakeTrigger {
            warnings.append("the trigger \(name) is disabled: rows wait for the poll ceiling")
        }
        if isAdopted && facts.wakeTrigger == .missing {
            warnings.append("the trigger that wakes the relay is missing: rows wait for the poll ceiling")
        }
        return warnings
    }
}
