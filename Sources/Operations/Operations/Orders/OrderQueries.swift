import EventStore
import Orders
import Postgres
import Projection

extension OperatorDesk {
    /// One order as event store, read model and outbox know it; nil if there are no events of it.
    ///
    /// - Parameter version: as many events of the order; nil for all.
    /// - Throws: `PostgresError`; also in a database without the order service's tables.
    public func order(_ orderId: String, version: Int64? = nil) throws -> OrderView? {
        guard let order = try reading({ try recorded(orderId, version) }) else { return nil }
        var view = order
        let events = view.events
        do {
            view.messages = try messages(orderId, events)
        } catch let error as PostgresError where error.code == .server {
            view.notes.append("the rows of the outbox: \(error.message)")
        }
        if view.messages.count < events.count {
            view.notes.append(
                "\(events.count - view.messages.count) of \(events.count) events have no row in the outbox: the row is "
                    + "deleted after the retention, or was not found near the time of its event")
        }
        return view
    }

    private func recorded(_ orderId: String, _ version: Int64?) throws -> OrderView? {
        guard let history = try EventReader(connection).histories(of: [orderId]).first,
            let newest = history.events.last?.sequenceNumber
        else { return nil }
        var notes: [String] = []
        var states: [Int64: OrderState] = [:]
        var state: OrderState?
        var isReadable = true
        var views: [OrderEventView] = []
        for event in history.events.prefix(OperationsLimits.eventsOfOrder) {
            do {
                if isReadable { state = evolve(state, try EventCodec.decode(event.eventType, event.payload)) }
            } catch {
                isReadable = false
                notes.append("event \(event.sequenceNumber): \(error.debugDescription)")
            }
            states[event.sequenceNumber] = isReadable ? state : nil
            var payload = EventPayload(
                event.payload, length: event.payload.count, aggregateType: "order", eventType: event.eventType)
            if hidesPayloads { payload = EventPayload(.hidden, bytes: event.payload.count) }
            let shown = isReadable && !hidesPayloads ? state.map { OrderStateView($0) } : nil
            views.append(
                OrderEventView(
                    sequenceNumber: event.sequenceNumber, eventType: event.eventType,
                    recordedAt: Moment(microseconds: event.createdAt), payload: payload, state: shown))
        }
        let wanted = views.filter { $0.sequenceNumber < version ?? .max }
        var view = OrderView(
            orderId: orderId, version: (wanted.last?.sequenceNumber ?? -1) + 1, newestVersion: newest + 1,
            events: wanted,
            state: wanted.last?.state, projection: nil, differences: [], behind: nil, messages: [], notes: notes)
        try compare(&view, states, newest)
        return view
    }

    private func compare(_ view: inout OrderView, _ states: [Int64: OrderState], _ newest: Int64) throws {
        guard let row = try ProjectionReader(connection).order(view.orderId) else {
            view.differences = ["the read model has no row of this order"]
            return
        }
        view.behind = newest - row.lastSequenceNumber
        let projected = OrderStateView(row.state)
        if let state = states[row.lastSequenceNumber] {
            view.differences = projected.differences(from: OrderStateView(state))
        } else {
            view.differences = [
                "the read model is at version \(row.lastSequenceNumber + 1), and there are not so many events"
            ]
        }
        guard !hidesPayloads else {
            if !view.differences.isEmpty { view.differences = ["the read model differs; values are hidden here"] }
            return
        }
        view.projection = ProjectedView(
            version: row.lastSequenceNumber + 1, state: projected, createdAt: Moment(microseconds: row.createdAt),
            updatedAt: Moment(microseconds: row.updatedAt))
    }

    // MARK: Messages

    /// The outbox has no index by key. An event and its row are written in one statement: the row is looked for near
    /// the time of the event.
    private func messages(_ orderId: String, _ events: [OrderEventView]) throws -> [OutboxEvent] {
        let events = events.prefix(OperationsLimits.previewRows)
        var times = PostgresArray(.timestamptz, reserving: events.count)
        for event in events {
            times.append(microsecondsSince1970: event.recordedAt.microseconds - OperationsLimits.eventSlackMicroseconds)
        }
        let parameters: [PostgresParameter] = [
            .array(times), .array(Self.array(events.map(\.sequenceNumber))), .text(orderId),
        ]
        return try showing(bytes: OperationsLimits.listedPayloadBytes) { reading in
            try answer(messagesStatement(reading), parameters).cursors.map { row in
                var row = row
                return try event(&row, reading)
            }
        }
    }

    /// $1 the times from which rows are looked for, $2 sequence numbers, $3 the order.
    private func messagesStatement(_ reading: PayloadReading) -> String {
        """
        WITH \(checkpointTable)
        SELECT \(Self.eventColumns(Self.stateByTable, reading))
        FROM unnest($1::timestamptz[], $2::bigint[]) WITH ORDINALITY AS event (at, sequence_number, place)
        CROSS JOIN LATERAL (\(firstIdQuery(since: "event.at"))) AS first
        CROSS JOIN LATERAL (
            SELECT outbox_id FROM (
                SELECT outbox_id, aggregate_type, aggregate_id, sequence_number FROM \(schema).source
                WHERE outbox_id >= first.id ORDER BY outbox_id LIMIT \(OperationsLimits.rowsScannedPerPage)
            ) AS near
            WHERE aggregate_type = 'order' AND aggregate_id = $3 AND near.sequence_number = event.sequence_number
            LIMIT 1) AS found
        CROSS JOIN LATERAL (SELECT * FROM \(schema).source WHERE outbox_id = found.outbox_id OFFSET 0) AS o
        \(sideTables)
        ORDER BY event.place
        """
    }
}
