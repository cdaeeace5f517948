import Outbox
import Postgres
import Values

extension OperatorDesk {
    /// One row; nil if there is none of that id.
    public func event(_ outboxId: Int64) throws -> OutboxEvent? {
        try reading {
            try details([outboxId], try checkpoint(), bytes: OperationsLimits.shownPayloadBytes).first
        }
    }

    /// The state of a row `o` with the held row `h` and the amended one `a`, which may be missing (``sideTables``); by
    /// SQL of the parts of a checkpoint.
    static func state(_ published: String, _ draining: String, _ drainedThrough: String) -> String {
        """
        CASE WHEN h.outbox_id IS NOT NULL THEN CASE WHEN h.skipped THEN 'skipped' ELSE 'held' END
             WHEN a.skipped THEN 'skipped'
             WHEN o.transaction_id IS NULL THEN 'left_out'
             WHEN pg_visible_in_snapshot(o.transaction_id, \(published)) THEN 'published'
             WHEN pg_visible_in_snapshot(o.transaction_id, \(draining))
             THEN CASE WHEN o.outbox_id <= \(drainedThrough) THEN 'published' ELSE 'publishing' END
             ELSE 'unpublished' END
        """
    }

    /// The same for a statement that has ``checkpointTable``.
    static let stateByTable = state(
        "(SELECT published FROM c)", "(SELECT draining FROM c)", "(SELECT drained_through FROM c)")

    /// What the relay's schema has beside a row `o`: `h` while its key is parked, `a` once an operator changed it.
    var sideTables: String {
        """
        LEFT JOIN \(schema).held AS h ON h.outbox_id = o.outbox_id
        LEFT JOIN \(schema).amended AS a ON a.outbox_id = o.outbox_id
        """
    }

    /// Asks for rows with their payloads, and without them if they are hidden, or if one of them cannot be read.
    func showing<T>(bytes: Int, _ ask: (PayloadReading) throws -> T) throws -> T {
        if hidesPayloads { return try ask(.none(.hidden)) }
        do {
            return try ask(.bytes(bytes))
        } catch let error as PostgresError where error.isAboutValues {
            return try ask(.none(.unreadable))
        }
    }

    /// How a payload is read: its beginning, or not at all, and then no headers either.
    enum PayloadReading {
        case bytes(Int)
        case none(EventPayload.Form)
    }

    /// The columns of ``event(_:_:)``, of a row `o` of the source with ``sideTables``.
    static func eventColumns(_ state: String, _ reading: PayloadReading) -> String {
        let payload = "CASE WHEN a.edited THEN a.payload ELSE o.payload END"
        let headers = "(CASE WHEN a.edited THEN a.headers ELSE o.headers END)::text"
        let most = { max($0, OperationsLimits.listedHeaderBytes) }
        let contents =
            switch reading {
            case .none: "NULL::text, false, NULL::bytea, NULL::bigint"
            case .bytes(let bytes):
                """
                CASE WHEN octet_length(\(headers)) <= \(most(bytes)) THEN \(headers) END,
                coalesce(octet_length(\(headers)) > \(most(bytes)), false),
                substring(\(payload) FOR \(bytes)), octet_length(\(payload))::bigint
                """
            }
        return """
            o.outbox_id, o.transaction_id::text, o.event_id::text, o.aggregate_type, o.aggregate_id,
            o.sequence_number, o.event_type, o.created_at, \(state), h.outbox_id IS NOT NULL,
            coalesce(a.edited, false), \(contents)
            """
    }

    func event(_ row: inout RowCursor, _ reading: PayloadReading) throws -> OutboxEvent {
        var event = OutboxEvent(
            outboxId: try row.int64(), transactionId: try row.optionalText(), eventId: try row.optionalText(),
            aggregateType: try row.text(), aggregateId: try row.text(), sequenceNumber: try row.optionalInt64(),
            eventType: try row.optionalText(), createdAt: try row.optionalMoment(),
            state: RowState(rawValue: try row.text()) ?? .unpublished, isHeld: try row.bool(),
            isEdited: try row.bool(), headers: nil, payload: EventPayload(.null))
        if case .none(let form) = reading {
            event.payload = EventPayload(form)
            return event
        }
        let headers = try row.optionalText()
        let areTooLong = try row.bool()
        event.headers = areTooLong ? nil : headers.map { (try? OperatorJSON.strings($0)) ?? [:] } ?? [:]
        event.payload = EventPayload(
            try row.optionalBytes(), length: try row.optionalInt64().map { Int($0) },
            aggregateType: event.aggregateType, eventType: event.eventType)
        return event
    }

    /// The rows of these ids, in the order of the ids. Inside ``reading(_:)``.
    func details(_ ids: [Int64], _ checkpoint: CheckpointPicture, bytes: Int) throws -> [OutboxEvent] {
        guard !ids.isEmpty else { return [] }
        if hidesPayloads { return try details(ids, checkpoint, .none(.hidden)) }
        try connection.execute("SAVEPOINT details")
        do {
            return try details(ids, checkpoint, .bytes(bytes))
        } catch let error as PostgresError where error.isAboutValues {
            try connection.execute("ROLLBACK TO SAVEPOINT details")
            return try details(ids, checkpoint, .none(.unreadable))
        }
    }

    private func details(
        _ ids: [Int64], _ checkpoint: CheckpointPicture, _ reading: PayloadReading
    ) throws -> [OutboxEvent] {
        let rows = try query(
            """
            SELECT \(Self.eventColumns(Self.state("$1::pg_snapshot", "$2::pg_snapshot", "$3::bigint"), reading))
            FROM unnest($4::bigint[]) WITH ORDINALITY AS wanted (id, place)
            CROSS JOIN LATERAL (SELECT * FROM \(schema).source WHERE outbox_id = wanted.id OFFSET 0) AS o
            \(sideTables)
            ORDER BY wanted.place
            """,
            [
                .literal(checkpoint.published), .literal(checkpoint.draining), .int8(checkpoint.drainedThrough),
                .array(Self.array(ids)),
            ])
        return try rows.cursors.map { row in
            var row = row
            return try event(&row, reading)
        }
    }
}

extension PostgresError {
    /// The relay's view fails on a value: the row is one that operators look for.
    var isAboutValues: Bool { sqlState?.hasPrefix("22") == true }
}
