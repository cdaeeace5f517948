import Postgres
import Values

extension ProjectionStore {
    /// What the event store says of some orders.
    struct Histories {
        var orders: [ProjectedOrder] = []
        var unreadable: [UnreadableReport] = []
    }

    /// `event_type` and `event_data` are read here event by event, so that one event nobody can decode concerns its own
    /// order only.
    private static let selectEvents: PostgresStatement = """
        SELECT aggregate_id, sequence_number, event_type, event_data, created_at
        FROM event WHERE aggregate_id = ANY($1) ORDER BY aggregate_id, sequence_number
        """

    /// Folds the whole histories of these orders. An order that the event store does not know is absent: whatever
    /// message spoke of it, it did not happen. A history is followed up to the first event that cannot be read.
    func histories(of orderIDs: [String]) throws -> Histories {
        guard !orderIDs.isEmpty else { return Histories() }
        let rows = try connection.query(Self.selectEvents, [.array(PostgresArray(orderIDs))])
        var found = Histories()
        var current: ProjectedOrder?
        var blocked: ExactText?
        for row in 0..<rows.count {
            let orderID = try rows.string(row, 0)
            if let done = current, ExactText(done.orderID) != ExactText(orderID) {
                found.orders.append(done)
                current = nil
            }
            if blocked == ExactText(orderID) { continue }
            do throws(UnreadableMessage) {
                current = try Self.next(current, Self.event(rows, row, orderID))
            } catch {
                blocked = ExactText(orderID)
                found.unreadable.append(
                    UnreadableReport(place: "event store, order \(orderID)", problem: error.description))
            }
        }
        if let current { found.orders.append(current) }
        return found
    }

    private static func next(
        _ order: ProjectedOrder?, _ event: ReadableEvent
    ) throws(UnreadableMessage) -> ProjectedOrder {
        guard let next = ProjectedOrder.after(order, event) else {
            throw UnreadableMessage("its event \(event.sequenceNumber) does not follow event \(order?.version ?? -1)")
        }
        return next
    }

    private static func event(
        _ rows: PostgresResult, _ row: Int, _ orderID: String
    ) throws(UnreadableMessage) -> ReadableEvent {
        do {
            return try ReadableEvent(
                orderID, rows.int64(row, 1), rows.string(row, 2), rows.bytes(row, 3), rows.timestampMicroseconds(row, 4)
            )
        } catch let error as UnreadableMessage {
            throw error
        } catch {
            throw UnreadableMessage("\(error)")
        }
    }
}
