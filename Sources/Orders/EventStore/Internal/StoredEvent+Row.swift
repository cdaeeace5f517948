import Postgres

extension StoredEvent {
    /// Reads one row: aggregate_id, sequence_number, event_id, event_type, event_data, created_at.
    ///
    /// - Throws: ``PostgresError``, or ``EventStoreError/internal(_:)`` for an event that cannot be decoded.
    init(_ rows: PostgresResult, _ row: Int) throws {
        self.init(
            orderID: try rows.string(row, 0),
            sequenceNumber: try rows.int64(row, 1),
            eventID: try rows.uuid(row, 2),
            event: try EventCodec.decode(rows.string(row, 3), rows.bytes(row, 4)),
            createdAt: try rows.timestampMicroseconds(row, 5))
    }
}
