import Postgres

/// The rows of one chunk, in libpq's memory, and how many of them were offered.
struct Chunk {
    private typealias Column = CutStatements.Column

    /// nil for a chunk of one row that cannot be read.
    private let rows: PostgresResult?
    let count: Int
    let lastID: Int64
    /// The bytes of the rows' payloads.
    let bytes: Int
    /// Whether the cut has no rows after these.
    let isLast: Bool
    /// The row that cannot be read, in place of rows.
    let unreadable: UnreadableRow?
    /// The next row to offer.
    var next = 0

    init(_ rows: PostgresResult, isLast: Bool) throws {
        self.rows = rows
        count = rows.count
        lastID = rows.count > 0 ? try rows.int64(rows.count - 1, Column.outboxID) : 0
        bytes = rows.count > 0 ? Int(try rows.int64(rows.count - 1, Column.running)) : 0
        self.isLast = isLast
        unreadable = nil
    }

    /// - Parameter asked: how many rows were asked for at most.
    init(_ rows: PostgresResult, asked: Int) throws {
        let bytes = rows.count > 0 ? try rows.int64(rows.count - 1, Column.running) : 0
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

    /// Held rows: the same columns, and the two of ``HeldChunk``.
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
        let time = try result().timestampMicroseconds(row, Column.createdAt.rawValue)
        return min(max(time, OutboxRow.times.lowerBound), OutboxRow.times.upperBound)
    }

    private func result() throws -> PostgresResult {
        guard let rows else { throw OutboxError(.schema, "row \(lastID) cannot be read") }
        return rows
    }

    func outboxID(_ row: Int) throws -> Int64 { try unreadable?.outboxID ?? result().int64(row, Column.outboxID) }

    /// Whether a row that was offered has the key of this one.
    func hasOfferedRow(like other: OutboxRow) throws -> Bool {
        let rows = try result()
        return (0..<next).contains { row in
            rows.unsafeBytes(row, Column.aggregateID).elementsEqual(other.aggregateID)
                && rows.unsafeBytes(row, Column.aggregateType).elementsEqual(other.aggregateType)
        }
    }

    /// Views into the result: valid while the chunk lives.
    func row(_ row: Int, by mark: RowMark) throws -> OutboxRow {
        let rows = try result()
        return OutboxRow(
            outboxID: try rows.int64(row, Column.outboxID), eventID: try rows.uuid(row, Column.eventID.rawValue),
            aggregateType: rows.unsafeBytes(row, Column.aggregateType),
            aggregateID: rows.unsafeBytes(row, Column.aggregateID),
            sequenceNumber: rows.isNull(row, Column.sequenceNumber) ? -1 : try rows.int64(row, Column.sequenceNumber),
            eventType: rows.unsafeBytes(row, Column.eventType),
            payload: rows.isNull(row, Column.payload) ? nil : rows.unsafeBytes(row, Column.payload),
            headers: rows.unsafeBytes(row, Column.headers), createdAt: try createdAt(row),
            epoch: mark.epoch, cut: mark.cut, outboxTag: mark.outboxTag)
    }
}
