import Glibc
import Orders
import Postgres
import Values

/// The columns that every reader of the table `event` selects, in the order of the SELECT list.
enum EventColumn: Int {
    case aggregateID, sequenceNumber, eventID, eventType, eventData, createdAt

    static let selectList = "aggregate_id, sequence_number, event_id, event_type, event_data, created_at"
}

/// One row of a result with the columns of ``EventColumn``.
struct EventRow {
    let rows: PostgresResult
    let row: Int

    var orderID: String {
        get throws(PostgresError) { try rows.string(row, EventColumn.aggregateID.rawValue) }
    }

    var sequenceNumber: Int64 {
        get throws(PostgresError) { try rows.int64(row, EventColumn.sequenceNumber.rawValue) }
    }

    var eventID: UUIDBytes {
        get throws(PostgresError) { try rows.uuid(row, EventColumn.eventID.rawValue) }
    }

    /// When the event was recorded, in microseconds since 1970.
    var createdAt: Int64 {
        get throws(PostgresError) { try rows.timestampMicroseconds(row, EventColumn.createdAt.rawValue) }
    }

    /// Throws for an unknown event type and for bytes that are not such an event.
    var event: OrderEvent {
        get throws(EventStoreError) {
            let name = rows.unsafeBytes(row, EventColumn.eventType.rawValue)
            guard let type = EventType(utf8: name) else {
                throw .internal("unknown event type '\(String(decoding: name, as: UTF8.self))'")
            }
            return try EventCodec.decode(type, Array(rows.unsafeBytes(row, EventColumn.eventData.rawValue)))
        }
    }

    /// Compares the bytes of the order identifiers, without a `String`.
    func isOfSameOrder(as other: EventRow) -> Bool {
        let (own, others) = (orderBytes, other.orderBytes)
        guard own.count == others.count else { return false }
        guard let start = own.baseAddress, let otherStart = others.baseAddress else { return true }
        return memcmp(start, otherStart, own.count) == 0
    }

    private var orderBytes: UnsafeRawBufferPointer { rows.unsafeBytes(row, EventColumn.aggregateID.rawValue) }
}

extension StoredEvent {
    /// Reads one row with the columns of ``EventColumn``.
    ///
    /// - Throws: ``PostgresError``, or ``EventStoreError/internal(_:)`` for an event that cannot be decoded.
    init(_ rows: PostgresResult, _ row: Int) throws {
        let row = EventRow(rows: rows, row: row)
        self.init(
            orderID: try row.orderID, sequenceNumber: try row.sequenceNumber, eventID: try row.eventID,
            event: try row.event, createdAt: try row.createdAt)
    }
}
