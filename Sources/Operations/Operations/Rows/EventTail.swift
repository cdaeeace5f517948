import Postgres

/// Follows the rows that match a filter, as they are committed.
///
/// Ids are drawn at the insert and rows become visible at the commit: a row may appear behind rows with larger ids. So
/// ids that were missing are looked for again, for a while.
public struct EventTail {
    private let desk: OperatorDesk
    private let filter: EventFilter
    private let patience: Duration
    /// Every id up to this one was seen, or is one of the missing ones.
    private var through: Int64
    /// Ids that were not there when a larger one was, and until when they are looked for.
    private var missing: [Int64: ContinuousClock.Instant] = [:]

    /// Begins at the end of the outbox.
    ///
    /// - Parameter lateSeconds: for how long an id that is missing is looked for.
    public init(_ desk: OperatorDesk, _ filter: EventFilter, lateSeconds: Int) throws {
        self.desk = desk
        self.filter = filter
        patience = .seconds(lateSeconds)
        through = try desk.newestId() ?? 0
    }

    /// The last rows that were there at the beginning, oldest first; at most a page.
    public func before(_ count: Int) throws -> [OutboxEvent] {
        guard count > 0 else { return [] }
        var filter = filter
        filter.toId = min(filter.toId ?? .max, through)
        return try desk.events(filter, order: .newestFirst, limit: count).events.reversed()
    }

    /// The rows that were committed since the last call, at most a page; by id.
    public mutating func next() throws -> [OutboxEvent] {
        let now = ContinuousClock.now
        missing = missing.filter { $0.value > now }
        let fresh = try desk.ids(after: through, limit: OperationsLimits.rowsPerPage)
        let late = try desk.present(among: missing.keys.sorted().prefix(OperationsLimits.rowsPerPage))
        for id in late { missing[id] = nil }
        if let last = fresh.last {
            let seen = Set(fresh)
            // A gap of this size is no late row: a sequence jumps when a server starts again.
            let first = max(through + 1, last - Int64(OperationsLimits.rowsScannedPerPage))
            for id in first..<last where !seen.contains(id) && missing.count < OperationsLimits.rowsScannedPerPage {
                missing[id] = now + patience
            }
            through = last
        }
        guard !fresh.isEmpty || !late.isEmpty else { return [] }
        return try desk.events(among: (late + fresh).sorted(), filter)
    }
}

extension OperatorDesk {
    func newestId() throws -> Int64? {
        let rows = try reading {
            try query(
                """
                SELECT outbox_id FROM \(schema).source WHERE transaction_id IS NOT NULL
                ORDER BY outbox_id DESC LIMIT 1
                """)
        }
        return try rows.cursors.first.map { row in
            var row = row
            return try row.int64()
        }
    }

    func ids(after id: Int64, limit: Int) throws -> [Int64] {
        let rows = try reading {
            try query(
                "SELECT outbox_id FROM \(schema).source WHERE outbox_id > $1 ORDER BY outbox_id LIMIT \(limit)",
                [.int8(id)])
        }
        return try rows.cursors.map { row in
            var row = row
            return try row.int64()
        }
    }

    /// Those of the ids that have a row now.
    func present(among ids: some Collection<Int64>) throws -> [Int64] {
        guard !ids.isEmpty else { return [] }
        let rows = try reading {
            try query(
                """
                SELECT outbox_id FROM unnest($1::bigint[]) AS wanted (id)
                JOIN \(schema).source AS o ON o.outbox_id = wanted.id
                """, [.array(Self.array(ids))])
        }
        return try rows.cursors.map { row in
            var row = row
            return try row.int64()
        }
    }

    /// The rows of these ids that match a filter, in the order of the ids.
    func events(among ids: [Int64], _ filter: EventFilter) throws -> [OutboxEvent] {
        try reading {
            try details(ids, try checkpoint(), bytes: OperationsLimits.listedPayloadBytes)
        }.filter { filter.matches($0) }
    }
}

extension EventFilter {
    /// Whether a row is one of those that are meant.
    func matches(_ event: OutboxEvent) -> Bool {
        let isInTime = event.createdAt.map { $0 >= since ?? $0 && $0 < until ?? Moment(microseconds: .max) } ?? true
        return (state ?? event.state) == event.state && (aggregateType ?? event.aggregateType) == event.aggregateType
            && (aggregateId ?? event.aggregateId) == event.aggregateId
            && (eventType == nil || eventType == event.eventType)
            && event.outboxId >= fromId ?? .min && event.outboxId <= toId ?? .max && isInTime
    }
}
