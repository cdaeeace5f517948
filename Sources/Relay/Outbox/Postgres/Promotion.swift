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
        let statements = CheckpointStatements(schema: schema)
        let checkpoint = try CheckpointStore.Stored.load(connection, statements).checkpoint
        guard let found = try published(here.origin(schema: schema), after: checkpoint.cut) else {
            let outcome = Outcome(
                reason: "\(step); Kafka may not be read, so whether rows are missing is unknown", isBehind: true)
            try store(here.timeline, outcome, newestCut: checkpoint.cut)
            return outcome
        }
        let lost = try missing(found.rows)
        let isBehind = (found.newestCut ?? 0) > checkpoint.cut
        let loss = DataLoss(known: checkpoint.cut, found: found, lost: lost)
        guard isBehind, !lost.isEmpty || !found.isComplete || guarantee == .exactlyOnce else {
            let outcome = Outcome(
                reason: "\(step); every row that is in Kafka is in this database (cut \(checkpoint.cut))")
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
            var found = try factory.publishedRows(
                of: origin, after: cut, guarantee: guarantee,
                within: .milliseconds(OutboxLimits.publishedRowsMilliseconds))
            // Kafka may have deleted the rows by their age. The record stays.
            if let recorded = recordedCut(origin), recorded > max(cut, found.newestCut ?? 0) {
                found.newestCut = recorded
                found.isComplete = false
            }
            return found
        } catch {
            if policy == .goOn, error.kind != .transient { return nil }
            throw OutboxError(
                .publisher,
                """
                this database was promoted or restored, and Kafka does not tell which rows it has: \
                \(error.explanation). The relay needs to read its topics (ACL Read); without that right, run \
                outboxctl outbox rebase, or set RELAY_AFTER_DATA_LOSS=continue
                """)
        }
    }

    /// The cut in the record of at-least-once delivery; nil if there is none, or it cannot be read. The record of
    /// exactly-once delivery is judged when the transactions begin, see ``Recovery``.
    private func recordedCut(_ origin: OutboxOrigin) -> Int64? {
        guard guarantee == .atLeastOnce, let keeper = try? factory?.makeRecordKeeper(for: origin) else { return nil }
        let record = try? keeper.lastRecord(within: .milliseconds(OutboxLimits.recordCallMilliseconds))
        return record?.origin.isSameOutbox(as: origin) == true ? record?.cut : nil
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
