import Postgres
import Values

/// Decides whether a relay may go on after its database got a new timeline: a standby was promoted, or a backup was
/// restored to a point in time.
///
/// The new timeline begins with a prefix of the old one's log. A cut is committed before its first row is sent, and
/// after all of its rows. So a database that knows the newest cut of which Kafka has a record has every row that is in
/// Kafka, and its checkpoint means what it meant: no transaction id below the xmax of a stored snapshot can be drawn
/// again, because the transaction that stored the snapshot had a higher id.
struct Promotion {
    let connection: PostgresConnection
    let schema: String
    let guarantee: DeliveryGuarantee
    let policy: DataLossPolicy
    /// Reads Kafka; nil in tests without one.
    let factory: (any PublisherFactory)?

    /// What was decided, for the log and the metrics.
    struct Outcome: Equatable {
        /// One sentence, as it is recorded in the table `decision`.
        var reason: String
        /// Rows that Kafka has and the database lost.
        var lostRows = 0
        /// Whether Kafka has what the database does not know.
        var isBehind = false
    }

    /// Takes the checkpoint over to the timeline of `here`, and records why.
    ///
    /// - Parameter step: what made the question arise; the beginning of the recorded sentence.
    /// - Throws: ``OutboxError`` with code `dataLoss`, which is final, if the database is behind Kafka and that is to
    ///   be refused; with code `publisher` if Kafka does not answer: to be tried again.
    func accept(_ here: ServerIdentity, because step: String) throws -> Outcome {
        let cut = try CheckpointStore.Stored.load(connection, CheckpointStatements(schema: schema)).checkpoint.cut
        guard let found = try published(here.origin(schema: schema), after: cut) else {
            let outcome = Outcome(
                reason: "\(step); Kafka may not be read, so whether rows are missing is unknown", isBehind: true)
            try store(here.timeline, outcome, newestCut: cut)
            return outcome
        }
        return try judge(found, after: cut, here, because: step)
    }

    /// Decides about what Kafka has of the cuts after `known`, and records why.
    ///
    /// - Throws: as ``accept(_:because:)``.
    func judge(
        _ found: PublishedRows, after known: Int64, _ here: ServerIdentity, because step: String
    ) throws -> Outcome {
        let lost = try missing(found.rows)
        let isBehind = (found.newestCut ?? 0) > known
        let loss = DataLoss(known: known, found: found, lost: lost)
        guard isBehind, !lost.isEmpty || !found.isComplete || guarantee == .exactlyOnce else {
            let outcome = Outcome(
                reason: "\(step); every row that is in Kafka is in this database (cut \(known))")
            try store(here.timeline, outcome, newestCut: isBehind ? found.newestCut : nil)
            return outcome
        }
        guard policy == .goOn else { throw loss.refusal(step, schema) }
        let outcome = Outcome(
            reason: "\(step); \(loss.description); RELAY_AFTER_DATA_LOSS=continue", lostRows: lost.count,
            isBehind: true)
        try store(here.timeline, outcome, newestCut: found.newestCut, lost: loss.records)
        return outcome
    }

    /// nil if Kafka refuses to be read, and the relay is to go on in any case.
    private func published(_ origin: OutboxOrigin, after cut: Int64) throws -> PublishedRows? {
        guard let factory else { return PublishedRows() }
        do throws(PublishFailure) {
            return try factory.publishedRows(
                of: origin, after: cut, guarantee: guarantee, recordedCut: try recordedCut(origin, factory))
        } catch {
            if policy == .goOn, error.kind != .transient { return nil }
            throw OutboxError(
                .publisher,
                """
                this database was promoted or restored, and Kafka does not tell which rows it has: \
                \(error.explanation). The relay needs to read its topics (ACL Read); without that right, run \
                outboxctl rebase, or set RELAY_AFTER_DATA_LOSS=continue
                """)
        }
    }

    /// The cut in the record of at-least-once delivery; nil if there is none, or it may not be read: ``RecordWatch``
    /// warns of that. The record of exactly-once delivery is judged when the transactions begin, see ``Recovery``.
    ///
    /// - Throws: a failure of kind `transient` if Kafka did not answer: a record that was not read decides nothing.
    private func recordedCut(
        _ origin: OutboxOrigin, _ factory: any PublisherFactory
    ) throws(PublishFailure) -> Int64? {
        guard guarantee == .atLeastOnce, let keeper = try? factory.makeRecordKeeper(for: origin) else { return nil }
        do throws(PublishFailure) {
            let record = try keeper.lastRecord(within: .milliseconds(OutboxLimits.recordCallMilliseconds))
            return record?.origin.isSameOutbox(as: origin) == true ? record?.cut : nil
        } catch  where error.kind != .transient {
            return nil
        }
    }

    /// The rows that the outbox does not have. Recent rows are looked at first, through the index on their transaction;
    /// a row that was parked and released may be older.
    private func missing(_ rows: [PublishedRow]) throws -> [PublishedRow] {
        var missing = Set(rows.compactMap(\.eventID))
        let source = PostgresConnection.quoteIdentifier(schema) + ".source"
        let recent =
            "WHERE transaction_id >= (SELECT pg_snapshot_xmin(published) FROM "
            + "\(PostgresConnection.quoteIdentifier(schema)).checkpoint)"
        for condition in [recent, ""] where !missing.isEmpty {
            let list = "{" + missing.map(\.description).joined(separator: ",") + "}"
            let statement = PostgresStatement(
                """
                WITH candidates AS MATERIALIZED (SELECT event_id FROM \(source) \(condition))
                SELECT p.event_id::text FROM unnest($1::uuid[]) AS p (event_id)
                WHERE NOT EXISTS (SELECT FROM candidates AS c WHERE c.event_id = p.event_id)
                """)
            let result = try connection.withinLongClass { try connection.query(statement, [.literal(list)]) }
            missing = Set(try (0..<result.count).compactMap { UUIDBytes(try result.string($0, 0)) })
        }
        return rows.filter { $0.eventID.map { missing.contains($0) } ?? true }
    }

    /// - Parameter newestCut: the number that the next cut has to exceed; nil where that is certain. It becomes the
    ///   time in microseconds, as in a rebase, which no lost history has reached.
    private func store(
        _ timeline: Int32, _ outcome: Outcome, newestCut: Int64?, lost: [LostRecords] = []
    ) throws {
        let statements = CheckpointStatements(schema: schema)
        try connection.transaction {
            if let newestCut {
                let stored = try CheckpointStore.Stored.load(connection, statements)
                try connection.query(
                    statements.twins[stored.twin].jump, [.int8(stored.checkpoint.epoch), .int8(newestCut)])
            }
            try connection.query(
                PostgresStatement("UPDATE \(PostgresConnection.quoteIdentifier(schema)).relay SET timeline = $1"),
                [.int4(timeline)])
            try connection.query(statements.decide, [.text(outcome.reason)])
            if !lost.isEmpty { _ = try LossStore(schema: schema).write(lost, connection) }
        }
    }
}

extension PublisherFactory {
    /// What Kafka has of the cuts after `cut`, its record included: Kafka may have deleted the rows by their age, and
    /// the record stays.
    func publishedRows(
        of outbox: OutboxOrigin, after cut: Int64, guarantee: DeliveryGuarantee, recordedCut: Int64?
    ) throws(PublishFailure) -> PublishedRows {
        var found = try publishedRows(
            of: outbox, after: cut, guarantee: guarantee,
            within: .milliseconds(OutboxLimits.publishedRowsMilliseconds))
        if let recordedCut, recordedCut > max(cut, found.newestCut ?? 0) {
            found.newestCut = recordedCut
            found.isComplete = false
        }
        return found
    }
}
