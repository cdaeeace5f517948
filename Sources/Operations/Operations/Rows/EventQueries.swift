import Outbox
import Postgres
import Values

extension OperatorDesk {
    /// One page of the rows that match a filter, by id.
    ///
    /// At most ``OperationsLimits/rowsScannedPerPage`` rows are read for a page. A filter by time begins where that
    /// time begins; a filter by key or type alone reads row after row, and ``EventPage/next`` goes on where this page
    /// ended. Held rows are read from the table of held rows alone, and rows that wait from where they begin.
    ///
    /// - Parameters:
    ///   - cursor: ``EventPage/next`` of the page before; nil for the first page.
    ///   - limit: 1 to ``OperationsLimits/rowsPerPage`` rows; a number beyond is taken for the nearest.
    public func events(
        _ filter: EventFilter = EventFilter(), order: EventOrder = .newestFirst, after cursor: Int64? = nil,
        limit: Int = 50
    ) throws -> EventPage {
        let limit = min(max(limit, 1), OperationsLimits.rowsPerPage)
        return try reading {
            let checkpoint = try checkpoint()
            var walk = try walk(filter, order, cursor, checkpoint)
            guard walk.low <= walk.high else { return EventPage(events: [], next: nil, scanned: 0) }
            walk.limit = limit
            let found = try ids(walk, filter, checkpoint)
            let events = try details(found, checkpoint, bytes: OperationsLimits.listedPayloadBytes)
            if found.count == limit { return EventPage(events: events, next: found.last, scanned: found.count) }
            let (last, scanned) = try border(walk)
            let isOver = scanned < OperationsLimits.rowsScannedPerPage
            return EventPage(events: events, next: isOver ? nil : last, scanned: scanned)
        }
    }

    /// One row; nil if there is none of that id.
    public func event(_ outboxId: Int64) throws -> OutboxEvent? {
        try reading {
            try details([outboxId], try checkpoint(), bytes: OperationsLimits.shownPayloadBytes).first
        }
    }

    // MARK: The walk

    /// The ids that a page may come from.
    private struct Walk {
        var low: Int64
        var high: Int64
        var direction: String
        var limit = 0
        /// The table that has the ids.
        var table: String
        /// A condition on its rows `o`.
        var condition = "true"
    }

    private func walk(
        _ filter: EventFilter, _ order: EventOrder, _ cursor: Int64?, _ checkpoint: CheckpointPicture
    ) throws -> Walk {
        var walk = Walk(low: .min, high: .max, direction: order == .newestFirst ? "DESC" : "ASC", table: "source")
        if let from = filter.fromId { walk.low = from }
        if let to = filter.toId { walk.high = to }
        if let since = filter.since { walk.low = max(walk.low, try firstId(since: since) ?? .max) }
        if let until = filter.until {
            // Twice the slack: the search begins earlier by one, and rows of this time may come later by one.
            let end = until.microseconds + 2 * OperationsLimits.clockSlackSeconds * 1_000_000
            if let end = try firstId(since: Moment(microseconds: end)) { walk.high = min(walk.high, end) }
        }
        switch filter.state {
        case .held, .skipped: walk.table = "held"
        case .unpublished, .publishing:
            // A row of a late transaction may be older than every row that waits.
            if checkpoint.inProgress == "{}" { walk.low = max(walk.low, try floor(checkpoint) ?? .max) }
        case .published, .leftOut, nil: break
        }
        if let cursor {
            if order == .newestFirst {
                walk.high = min(walk.high, cursor - 1)
            } else {
                walk.low = max(walk.low, cursor + 1)
            }
        }
        return walk
    }

    /// The rows that are read for a page, `$6` to `$7`.
    private func scanned(_ walk: Walk, _ columns: String) -> String {
        """
        SELECT \(columns) FROM \(schema).\(walk.table) AS o
        WHERE outbox_id >= $6 AND outbox_id <= $7 ORDER BY outbox_id \(walk.direction)
        LIMIT \(OperationsLimits.rowsScannedPerPage)
        """
    }

    private func ids(_ walk: Walk, _ filter: EventFilter, _ checkpoint: CheckpointPicture) throws -> [Int64] {
        let conditions = """
            ($8::text IS NULL OR o.aggregate_type = $8) AND ($9::text IS NULL OR o.aggregate_id = $9)
            AND ($10::text IS NULL OR s.event_type = $10) AND ($11::timestamptz IS NULL OR s.created_at >= $11)
            AND ($12::timestamptz IS NULL OR s.created_at < $12) AND ($13::text IS NULL OR state.name = $13)
            """
        let isHeld = walk.table == "held"
        let needsState = filter.state != nil && !isHeld
        let state = needsState ? Self.state : isHeld ? Self.heldState : "NULL::text"
        let source = """
            LEFT JOIN LATERAL (SELECT event_type, created_at FROM \(schema).source AS s
                               WHERE s.outbox_id = o.outbox_id OFFSET 0) AS s ON true
            """
        let rows = try query(
            """
            SELECT o.outbox_id
            FROM (\(scanned(walk, isHeld ? "outbox_id, aggregate_type, aggregate_id, skipped" : Self.scannedColumns)))
                AS o
            \(isHeld ? source : "CROSS JOIN LATERAL (SELECT o.event_type, o.created_at) AS s")
            \(needsState ? "LEFT JOIN \(schema).held AS h ON h.outbox_id = o.outbox_id" : "")
            CROSS JOIN LATERAL (SELECT \(state)) AS state (name)
            WHERE \(Self.uses) AND \(conditions)
            ORDER BY o.outbox_id \(walk.direction) LIMIT \(walk.limit)
            """,
            checkpoint.parameters + [
                .int8(walk.low), .int8(walk.high), .text(filter.aggregateType), .text(filter.aggregateId),
                .text(filter.eventType), .timestamp(microsecondsSince1970: filter.since?.microseconds),
                .timestamp(microsecondsSince1970: filter.until?.microseconds), .text(filter.state?.rawValue),
            ])
        return try rows.cursors.map { row in
            var row = row
            return try row.int64()
        }
    }

    /// Where the rows that were read end, and how many they are.
    private func border(_ walk: Walk) throws -> (last: Int64?, count: Int) {
        let end = walk.direction == "DESC" ? "min" : "max"
        let sql = scanned(walk, "outbox_id").replacing("$6", with: "$1").replacing("$7", with: "$2")
        var row = RowCursor(
            try query(
                "SELECT \(end)(outbox_id), count(*) FROM (\(sql)) AS scanned",
                [.int8(walk.low), .int8(walk.high)]))
        return (try row.optionalInt64(), try row.int())
    }

    /// Columns that cost nothing to read: payloads may be converted by the view.
    private static let scannedColumns =
        "outbox_id, transaction_id, aggregate_type, aggregate_id, event_type, created_at"

    /// The server wants a type for each parameter.
    private static let uses = """
        $1::pg_snapshot IS NOT NULL AND ($2::pg_snapshot IS NULL OR true) AND $3::bigint IS NOT NULL
        AND $4::xid8 IS NOT NULL AND $5::xid8[] IS NOT NULL
        """

    private static let heldState = "CASE WHEN o.skipped THEN 'skipped' ELSE 'held' END"

    /// The state of a row `o` with the held row `h`, which may be missing.
    static let state = """
        CASE WHEN h.outbox_id IS NOT NULL THEN CASE WHEN h.skipped THEN 'skipped' ELSE 'held' END
             WHEN o.transaction_id IS NULL THEN 'left_out'
             WHEN pg_visible_in_snapshot(o.transaction_id, $1::pg_snapshot) THEN 'published'
             WHEN $2::pg_snapshot IS NOT NULL AND pg_visible_in_snapshot(o.transaction_id, $2::pg_snapshot)
             THEN CASE WHEN o.outbox_id <= $3 THEN 'published' ELSE 'publishing' END
             ELSE 'unpublished' END
        """

    // MARK: Details

    /// The rows of these ids, in the order of the ids.
    func details(_ ids: [Int64], _ checkpoint: CheckpointPicture, bytes: Int) throws -> [OutboxEvent] {
        guard !ids.isEmpty else { return [] }
        if hidesPayloads { return try details(ids, checkpoint, bytes: nil) { .hidden } }
        try connection.execute("SAVEPOINT details")
        do {
            return try details(ids, checkpoint, bytes: bytes) { .null }
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true {
            // The view fails on a value; the row is one that operators look for.
            try connection.execute("ROLLBACK TO SAVEPOINT details")
            return try details(ids, checkpoint, bytes: nil) { .unreadable }
        }
    }

    /// - Parameter bytes: how much of each payload is read; nil for none, and no headers.
    private func details(
        _ ids: [Int64], _ checkpoint: CheckpointPicture, bytes: Int?, _ unread: () -> EventPayload.Form
    ) throws -> [OutboxEvent] {
        let payload = "CASE WHEN h.edited THEN h.payload ELSE o.payload END"
        let headers = "CASE WHEN h.edited THEN h.headers ELSE o.headers END"
        let rows = try query(
            """
            SELECT o.outbox_id, o.transaction_id::text, o.event_id::text, o.aggregate_type, o.aggregate_id,
                   o.sequence_number, o.event_type, o.created_at, \(Self.state), coalesce(h.edited, false),
                   \(bytes == nil ? "NULL::text" : "(\(headers))::text"),
                   \(bytes.map { "substring(\(payload) FOR \($0))" } ?? "NULL::bytea"),
                   \(bytes == nil ? "NULL::bigint" : "octet_length(\(payload))::bigint")
            FROM unnest($6::bigint[]) WITH ORDINALITY AS wanted (id, place)
            CROSS JOIN LATERAL (SELECT * FROM \(schema).source WHERE outbox_id = wanted.id OFFSET 0) AS o
            LEFT JOIN \(schema).held AS h ON h.outbox_id = o.outbox_id
            WHERE \(Self.uses) ORDER BY wanted.place
            """, checkpoint.parameters + [.array(Self.array(ids))])
        return try rows.cursors.map { row in
            var row = row
            return try event(&row, isRead: bytes != nil, unread())
        }
    }

    private func event(_ row: inout RowCursor, isRead: Bool, _ unread: EventPayload.Form) throws -> OutboxEvent {
        var event = OutboxEvent(
            outboxId: try row.int64(), transactionId: try row.optionalText(), eventId: try row.optionalText(),
            aggregateType: try row.text(), aggregateId: try row.text(), sequenceNumber: try row.optionalInt64(),
            eventType: try row.optionalText(), createdAt: try row.optionalMoment(),
            state: RowState(rawValue: try row.text()) ?? .unpublished, isEdited: try row.bool(), headers: nil,
            payload: EventPayload(unread))
        guard isRead else { return event }
        let headers = try row.optionalText()
        event.headers = headers.map { (try? OperatorJSON.strings($0)) ?? [:] } ?? [:]
        event.payload = EventPayload(
            try row.optionalBytes(), length: try row.optionalInt64().map { Int($0) },
            aggregateType: event.aggregateType, eventType: event.eventType)
        return event
    }
}
