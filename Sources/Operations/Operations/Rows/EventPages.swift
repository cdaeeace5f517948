import Outbox
import Postgres

extension OperatorDesk {
    /// The statements of one page, with those of its transaction.
    static let statementsOfList = 2

    /// One page of the rows that match a filter, by id; one statement, and one for its bounds.
    ///
    /// At most ``OperationsLimits/rowsScannedPerPage`` rows are read for a page, fewer where each costs more. A filter
    /// by time begins where that time begins; a filter by key or type alone reads row after row, and
    /// ``EventPage/next`` goes on where this page ended. Held rows are read from the table of held rows alone, and
    /// rows that wait from where they begin.
    ///
    /// - Parameters:
    ///   - cursor: ``EventPage/next`` of the page before; nil for the first page.
    ///   - limit: 1 to ``OperationsLimits/rowsPerPage`` rows; a number beyond is taken for the nearest.
    public func events(
        _ filter: EventFilter = EventFilter(), order: EventOrder = .newestFirst, after cursor: Int64? = nil,
        limit: Int = 50
    ) throws -> EventPage {
        let walk = EventWalk(filter, order, after: cursor, limit: min(max(limit, 1), OperationsLimits.rowsPerPage))
        return try showing(bytes: OperationsLimits.listedPayloadBytes) { try page(walk, $0) }
    }

    private func page(_ walk: EventWalk, _ reading: PayloadReading) throws -> EventPage {
        let rows = try answer(statement(walk, reading), walk.parameters)
        guard rows.count > 0 else { return EventPage(events: [], next: nil, scanned: 0) }
        var first = RowCursor(rows)
        let (last, scanned) = (try first.optionalInt64(), try first.optionalInt64())
        let events = try (0..<rows.count).compactMap { number in
            var row = first.moved(to: number)
            return try row.bool() ? try event(&row, reading) : nil
        }
        // Enough rows were found before the walk ended.
        guard let scanned else { return EventPage(events: events, next: events.last?.outboxId, scanned: events.count) }
        let isOver = scanned < walk.scan
        return EventPage(events: events, next: isOver ? nil : last, scanned: Int(scanned))
    }

    /// Every row begins with where the walk ended and how many rows it read, if it found too few for a page; then
    /// whether there is a row at all.
    private func statement(_ walk: EventWalk, _ reading: PayloadReading) -> String {
        let end = walk.direction == "DESC" ? "min" : "max"
        let isShort = "(SELECT count(*) FROM found) < \(walk.limit)"
        return """
            WITH \(checkpointTable), \(floorTable), edges AS MATERIALIZED (
                SELECT \(lowest(walk)) AS low, \(highest(walk)) AS high
            ), found AS MATERIALIZED (
                \(found(walk))
            ), border AS MATERIALIZED (
                SELECT CASE WHEN \(isShort) THEN
                           (SELECT ARRAY[\(end)(outbox_id), count(*)] FROM (\(scanned(walk, "outbox_id"))) AS s)
                       END AS reached
            )
            SELECT border.reached[1], border.reached[2], o.outbox_id IS NOT NULL,
                   \(Self.eventColumns(Self.stateByTable, reading))
            FROM border LEFT JOIN found ON true
            LEFT JOIN LATERAL (SELECT * FROM \(schema).source WHERE outbox_id = found.outbox_id OFFSET 0) AS o ON true
            \(sideTables)
            ORDER BY found.outbox_id \(walk.direction)
            """
    }

    // MARK: The walk

    private func lowest(_ walk: EventWalk) -> String {
        var bounds = ["$1::bigint"]
        if walk.filter.since != nil {
            let first = firstIdQuery(since: "$6::timestamptz - \(EventWalk.slack)")
            bounds.append("coalesce((\(first)), \(Int64.max))")
        }
        if walk.isOfWaiting {
            // A row of a late transaction may be older than every row that waits.
            bounds.append(
                """
                CASE WHEN cardinality((SELECT xip FROM c)) = 0 THEN coalesce((SELECT id FROM f), \(Int64.max))
                     ELSE $1::bigint END
                """)
        }
        return "greatest(\(bounds.joined(separator: ", ")))"
    }

    /// The search for a time begins earlier by the slack, and rows of this time may come later by it.
    private func highest(_ walk: EventWalk) -> String {
        guard walk.filter.until != nil else { return "$2::bigint" }
        return "least($2::bigint, (\(firstIdQuery(since: "$7::timestamptz + \(EventWalk.slack)"))))"
    }

    /// The rows that are read for a page.
    private func scanned(_ walk: EventWalk, _ columns: String) -> String {
        """
        SELECT \(columns) FROM \(schema).\(walk.table) AS o
        WHERE outbox_id >= (SELECT low FROM edges) AND outbox_id <= (SELECT high FROM edges)
          \(walk.isOfSkipped ? "AND skipped" : "")
        ORDER BY outbox_id \(walk.direction) LIMIT \(walk.scan)
        """
    }

    /// Those of them that match.
    private func found(_ walk: EventWalk) -> String {
        // Columns that cost nothing to read: payloads may be converted by the view.
        let source = "outbox_id, transaction_id, aggregate_type, aggregate_id, event_type, created_at"
        let (columns, joins) =
            if walk.isOfHeld {
                (
                    "outbox_id, aggregate_type, aggregate_id, skipped",
                    """
                    LEFT JOIN LATERAL (SELECT event_type, created_at
                                       FROM \(schema).source AS s WHERE s.outbox_id = o.outbox_id OFFSET 0) AS s ON true
                    CROSS JOIN LATERAL (SELECT CASE WHEN o.skipped THEN 'skipped' ELSE 'held' END) AS state (name)
                    """
                )
            } else if walk.isOfSkipped {
                // Of a row that left with its leaf there is nothing to show.
                (
                    "outbox_id",
                    """
                    CROSS JOIN LATERAL (SELECT aggregate_type, aggregate_id, event_type, created_at
                                        FROM \(schema).source AS s WHERE s.outbox_id = o.outbox_id OFFSET 0) AS s
                    CROSS JOIN LATERAL (SELECT 'skipped') AS state (name)
                    """
                )
            } else {
                (
                    source,
                    """
                    CROSS JOIN LATERAL (SELECT o.event_type, o.created_at) AS s
                    \(walk.filter.state == nil ? "" : sideTables)
                    CROSS JOIN LATERAL (SELECT \(walk.filter.state == nil ? "NULL::text" : Self.stateByTable))
                        AS state (name)
                    """
                )
            }
        // The key of a held row is known without a look into the outbox.
        let key = walk.isOfSkipped ? "s" : "o"
        return """
            SELECT o.outbox_id FROM (\(scanned(walk, columns))) AS o \(joins)
            WHERE ($3::text IS NULL OR \(key).aggregate_type = $3) AND ($4::text IS NULL OR \(key).aggregate_id = $4)
              AND ($5::text IS NULL OR s.event_type = $5) AND ($6::timestamptz IS NULL OR s.created_at >= $6)
              AND ($7::timestamptz IS NULL OR s.created_at < $7) AND ($8::text IS NULL OR state.name = $8)
            ORDER BY o.outbox_id \(walk.direction) LIMIT \(walk.limit)
            """
    }
}

/// The ids that a page may come from.
private struct EventWalk {
    let filter: EventFilter
    let direction: String
    let limit: Int
    private var low: Int64
    private var high: Int64

    /// How far the time of a row may be from those of its neighbours.
    static let slack = "interval '\(OperationsLimits.clockSlackSeconds) seconds'"

    init(_ filter: EventFilter, _ order: EventOrder, after cursor: Int64?, limit: Int) {
        self.filter = filter
        self.limit = limit
        direction = order == .newestFirst ? "DESC" : "ASC"
        (low, high) = (filter.fromId ?? .min, filter.toId ?? .max)
        guard let cursor else { return }
        let (next, isTheLast) =
            order == .newestFirst ? cursor.subtractingReportingOverflow(1) : cursor.addingReportingOverflow(1)
        if isTheLast {
            (low, high) = (.max, .min)
        } else if order == .newestFirst {
            high = min(high, next)
        } else {
            low = max(low, next)
        }
    }

    /// How many rows are read for a page: of held rows type and time are in the outbox, and have to be looked up.
    var scan: Int {
        isOfSkipped || isOfHeld && (filter.eventType != nil || filter.since != nil || filter.until != nil)
            ? OperationsLimits.keysLookedInto : OperationsLimits.rowsScannedPerPage
    }

    /// What has the rows that may match.
    var table: String { isOfHeld ? "held" : isOfSkipped ? "amended" : "source" }
    var isOfHeld: Bool { filter.state == .held }
    var isOfSkipped: Bool { filter.state == .skipped }
    var isOfWaiting: Bool { filter.state == .unpublished || filter.state == .publishing }

    /// `$1` to `$8`.
    var parameters: [PostgresParameter] {
        [
            .int8(low), .int8(high), .text(filter.aggregateType), .text(filter.aggregateId), .text(filter.eventType),
            .timestamp(microsecondsSince1970: filter.since?.microseconds),
            .timestamp(microsecondsSince1970: filter.until?.microseconds), .text(filter.state?.rawValue),
        ]
    }
}
