internal import Orders
public import Postgres

/// Reads events on a connection that the caller owns: for consumers that heal from the event store inside their own transaction.
public enum EventLog {
    private static let loadAll: PostgresStatement = """
        SELECT aggregate_id, sequence_number, event_id, event_type, event_data, created_at
        FROM event WHERE aggregate_id = ANY($1)
        ORDER BY aggregate_id, sequence_number
        """

    /// All events of these orders, each history in order of its sequence numbers. Orders without events are absent.
    ///
    /// - Throws: ``PostgresError``, or ``EventStoreError/internal(_:)`` for an event that cannot be decoded.
    public static func load(ids: [String], _ connection: PostgresConnection) throws -> [String: [StoredEvent]] {
        var wanted = PostgresArray(.text, reserving: ids.count)
        for id in ids { wanted.append(id) }
        let rows = try connection.query(loadAll, [.array(wanted)])
        var histories: [String: [StoredEvent]] = [:]
        for row in 0..<rows.count {
            let event = try storedEvent(rows, row)
            histories[event.orderID, default: []].append(event)
        }
        return histories
    }

    /// Reads one row of the columns that ``loadAll`` selects.
    static func storedEvent(_ rows: PostgresResult, _ row: Int) throws -> StoredEvent {
        StoredEvent(
            orderID: try rows.string(row, 0),
            sequenceNumber: try rows.int64(row, 1),
            eventID: try rows.uuid(row, 2),
            event: try EventCodec.decode(rows.string(row, 3), rows.bytes(row, 4)),
            createdAt: try rows.timestampMicroseconds(row, 5))
    }
}

extension Sequence where Element == StoredEvent {
    /// The order these events, a whole history in order, lead to; nil if there are none.
    public func folded() -> LoadedOrder? {
        var state: OrderState?
        var first: StoredEvent?
        var last: StoredEvent?
        for stored in self {
            state = evolve(state, stored.event)
            first = first ?? stored
            last = stored
        }
        guard let state, let first, let last else { return nil }
        return LoadedOrder(
            orderID: last.orderID, state: state, version: last.sequenceNumber + 1, createdAt: first.createdAt,
            updatedAt: last.createdAt)
    }
}
