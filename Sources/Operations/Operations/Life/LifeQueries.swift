import EventStore
import Outbox
import Postgres
import Projection

extension OperatorDesk {
    /// The life of one event as the database knows it; nil if there is no row of this id.
    ///
    /// ``EventLife/add(_:)`` adds what a ``KafkaSearch`` found.
    public func life(of outboxId: Int64) throws -> EventLife? {
        guard let event = try event(outboxId) else { return nil }
        var life = EventLife(event: event, decisions: [], traceparent: nil, notes: [])
        life.traceparent = event.headers?["traceparent"]
        try tellCommit(&life)
        life.waits = try whyWaits(event)
        life.decisions = try decisions(about: event)
        if event.aggregateType == "order", try hasTable("order_projection"), try hasTable("event") {
            life.order = try progress(of: event)
        }
        return life
    }

    private func tellCommit(_ life: inout EventLife) throws {
        guard let transaction = life.event.transactionId else { return }
        let event = life.event
        try reading {
            var row = RowCursor(
                try query(
                    """
                    SELECT current_setting('track_commit_timestamp') = 'on',
                           pg_visible_in_snapshot($1::xid8, published),
                           $1::xid8 = ANY (ARRAY(SELECT pg_snapshot_xip(published)))
                    FROM \(schema).checkpoint ORDER BY epoch DESC LIMIT 1
                    """, [.literal(transaction)]))
            let isTracked = try row.bool()
            let (isPublished, isLate) = (try row.bool(), try row.bool())
            // A row that waits was late if a cut was taken while its transaction ran.
            if !isPublished { life.isLate = isLate }
            guard isTracked else {
                life.notes.append(
                    "the time of the commit is not kept: track_commit_timestamp is off; created_at is the insert's")
                return
            }
            // Of a transaction that is old enough to be frozen nothing is kept.
            var commit = RowCursor(
                try query("SELECT pg_xact_commit_timestamp($1::xid8::xid)", [.literal(transaction)]))
            life.committedAt = try commit.optionalMoment()
        }
        if event.state == .leftOut { life.notes.append("the row was there when the table was adopted, and left out") }
    }

    /// Why a row is not in Kafka; nil if it is.
    private func whyWaits(_ event: OutboxEvent) throws -> String? {
        switch event.state {
        case .published: return nil
        case .leftOut: return "it is never published: it was left out when the table was adopted"
        case .skipped where !event.isHeld:
            return "it is never published: an operator skipped it, and it was dropped when its key was released"
        case .held, .skipped:
            let filter = ParkedFilter(aggregateType: event.aggregateType, aggregateId: event.aggregateId)
            guard let key = try parkedKeys(filter, limit: 1).keys.first else {
                return "it is held, and its key flows again: the relay publishes it now"
            }
            let cause =
                key.outboxId == event.outboxId ? "Kafka refused it" : "it waits behind row \(key.outboxId) of its key"
            let next =
                key.releaseAskedAt != nil
                ? "its release was asked for"
                : key.retryAt.map { "the relay tries again at \($0)" } ?? "it waits for a decision"
            let fate = event.state == .skipped ? "; it will be dropped when the key is released" : ""
            return "\(cause): \(key.error); \(next)\(fate)"
        case .publishing, .unpublished:
            let status = try status()
            if let blocker = status.blockers.first(where: { $0.kind != .uncommitted && $0.kind != .prepared }) {
                return blocker.summary
            }
            return event.state == .publishing
                ? "the relay is publishing the cut that has it: \(status.backlog?.rows ?? 0) rows wait"
                : "no cut has it yet: \(status.backlog?.rows ?? 0) rows wait, and the relay leads"
        }
    }

    /// Decisions about a row or its key, among the newest ones.
    private func decisions(about event: OutboxEvent) throws -> [Decision] {
        try decisions(limit: OperationsLimits.decisionsPerPage).filter {
            $0.outboxId == event.outboxId
                || $0.aggregateType == event.aggregateType && $0.aggregateId == event.aggregateId
        }
    }

    /// When the row of an order was committed as it is now; nil where Postgres does not keep that.
    private func projectionCommit(_ orderId: String) throws -> Moment? {
        let rows = try query(
            """
            SELECT CASE WHEN current_setting('track_commit_timestamp') = 'on'
                        THEN pg_xact_commit_timestamp(xmin) END FROM order_projection WHERE order_id = $1
            """, [.text(orderId)])
        guard rows.count == 1 else { return nil }
        var row = RowCursor(rows)
        return try row.optionalMoment()
    }

    private func progress(of event: OutboxEvent) throws -> EventLife.OrderProgress {
        try reading {
            let row = try ProjectionReader(connection).order(event.aggregateId)
            let history = try EventReader(connection).histories(of: [event.aggregateId]).first?.events ?? []
            let time = { (types: [EventType]) in
                history.first { recorded in types.contains { $0.rawValue == recorded.eventType } }
                    .map { Moment(microseconds: $0.createdAt) }
            }
            return EventLife.OrderProgress(
                projectedVersion: row.map { $0.lastSequenceNumber + 1 },
                isProjected: row.map { $0.lastSequenceNumber >= event.sequenceNumber ?? .max } ?? false,
                appliedAt: row?.lastSequenceNumber == event.sequenceNumber
                    ? try projectionCommit(event.aggregateId) : nil,
                projectionUpdatedAt: row.map { Moment(microseconds: $0.updatedAt) },
                paymentInitiatedAt: time([.paymentInitiated]), paymentSettledAt: time([.paid, .paymentFailed]))
        }
    }
}

extension EventLife {
    /// Adds where the event is in Kafka, and how long it took to get there.
    public mutating func add(_ finding: KafkaFinding) {
        kafka = finding
        guard let published = finding.place?.timestamp, let created = event.createdAt else { return }
        // A record carries whole milliseconds.
        publishedAfterMilliseconds = max(0, published.seconds(since: created) * 1_000)
    }
}
