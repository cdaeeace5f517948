import Postgres

/// The rows of one chunk, in libpq's memory, and how many of them were offered.
struct Chunk {
    /// nil for a row that cannot be read.
    private let rows: PostgresResult?
    let count: Int
    let lastID: Int64
    /// The bytes of their payloads.
    let bytes: Int
    /// Whether the cut has no rows after these.
    let isLast: Bool
    /// Instead of rows.
    let unreadable: UnreadableRow?
    /// The next row to offer.
    var next = 0

    init(_ rows: PostgresResult, isLast: Bool) throws {
        self.rows = rows
        count = rows.count
        lastID = rows.count > 0 ? try rows.int64(rows.count - 1, 0) : 0
        bytes = rows.count > 0 ? Int(try rows.int64(rows.count - 1, 9)) : 0
        self.isLast = isLast
        unreadable = nil
    }

    /// - Parameter asked: how many rows were asked for at most.
    init(_ rows: PostgresResult, asked: Int) throws {
        let bytes = rows.count > 0 ? try rows.int64(rows.count - 1, 9) : 0
        try self.init(rows, isLast: rows.count < asked && bytes < OutboxLimits.bytesPerChunk)
    }

    init(unreadable: UnreadableRow) {
        rows = nil
        count = 1
        lastID = unreadable.outboxID
        bytes = 0
        isLast = false
        self.unreadable = unreadable
    }

    /// Held rows: the same columns and two more.
    init(held rows: PostgresResult) {
        self.rows = rows
        count = rows.count
        lastID = 0
        bytes = 0
        isLast = true
        unreadable = nil
    }

    var isOffered: Bool { next >= count }

    /// When the next row to offer was written.
    var nextCreatedAt: Int64? { isOffered ? nil : try? createdAt(next) }

    private func createdAt(_ row: Int) throws -> Int64 {
        let time = try result().timestampMicroseconds(row, 8)
        return min(max(time, OutboxRow.times.lowerBound), OutboxRow.times.upperBound)
    }

    private func result() throws -> PostgresResult {
        guard let rows else { throw OutboxError(.schema, "row \(lastID) cannot be read") }
        return rows
    }

    func outboxID(_ row: Int) throws -> Int64 { try unreadable?.outboxID ?? result().int64(row, 0) }

    /// Views into the result: valid while the chunk lives.
    func row(_ row: Int, epoch: Int64) throws -> OutboxRow {
        let rows = try result()
        return OutboxRow(
            outboxID: try rows.int64(row, 0), eventID: try rows.uuid(row, 1), aggregateType: rows.unsafeBytes(row, 2),
            aggregateID: rows.unsafeBytes(row, 3), sequenceNumber: rows.isNull(row, 4) ? -1 : try rows.int64(row, 4),
            eventType: rows.unsafeBytes(row, 5), payload: rows.isNull(row, 6) ? nil : rows.unsafeBytes(row, 6),
            headers: rows.unsafeBytes(row, 7), createdAt: try createdAt(row), epoch: epoch)
    }
}
