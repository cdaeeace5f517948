internal import Postgres

/// The rows of one chunk, in libpq's memory, and how many of them were offered.
struct Chunk {
    private let rows: PostgresResult
    let count: Int
    let lastID: Int64
    /// Whether the cut has no rows after these.
    let isLast: Bool
    /// The next row to offer.
    var next = 0

    init(_ rows: PostgresResult) throws {
        self.rows = rows
        count = rows.count
        lastID = rows.count > 0 ? try rows.int64(rows.count - 1, 0) : 0
        let bytes = rows.count > 0 ? try rows.int64(rows.count - 1, 9) : 0
        isLast = rows.count < OutboxLimits.rowsPerChunk && bytes < OutboxLimits.bytesPerChunk
    }

    /// Held rows: the same columns and two more.
    init(held rows: PostgresResult) {
        self.rows = rows
        count = rows.count
        lastID = 0
        isLast = true
    }

    var isOffered: Bool { next >= count }

    /// When the next row to offer was written.
    var nextCreatedAt: Int64? { isOffered ? nil : try? createdAt(next) }

    private func createdAt(_ row: Int) throws -> Int64 {
        let time = try rows.timestampMicroseconds(row, 8)
        return min(max(time, OutboxRow.times.lowerBound), OutboxRow.times.upperBound)
    }

    func outboxID(_ row: Int) throws -> Int64 { try rows.int64(row, 0) }

    /// Views into the result: valid while the chunk lives.
    func row(_ row: Int, epoch: Int64) throws -> OutboxRow {
        OutboxRow(
            outboxID: try rows.int64(row, 0), eventID: try rows.uuid(row, 1), aggregateType: rows.unsafeBytes(row, 2),
            aggregateID: rows.unsafeBytes(row, 3), sequenceNumber: rows.isNull(row, 4) ? -1 : try rows.int64(row, 4),
            eventType: rows.unsafeBytes(row, 5), payload: rows.isNull(row, 6) ? nil : rows.unsafeBytes(row, 6),
            headers: rows.unsafeBytes(row, 7), createdAt: try createdAt(row), epoch: epoch)
    }
}
