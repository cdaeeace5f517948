import Postgres

/// Some held rows of one key.
struct HeldChunk {
    /// The columns that follow those of a chunk.
    private enum Column: Int { case holdID = 10, isSkipped }

    private let rows: PostgresResult
    private let chunk: Chunk

    /// Whether the key has no held rows after these.
    let isLast: Bool

    /// - Parameter limit: how many rows were asked for at most.
    init(_ rows: PostgresResult, atMost limit: Int) throws {
        self.rows = rows
        chunk = Chunk(held: rows)
        let bytes = rows.count > 0 ? try rows.int64(rows.count - 1, CutStatements.Column.running) : 0
        isLast = rows.count < limit && bytes < OutboxLimits.bytesPerChunk
    }

    var count: Int { rows.count }

    /// The row's place among the held rows.
    func holdID(_ row: Int) throws -> Int64 { try rows.int64(row, Column.holdID) }

    /// nil for a row that is to be dropped.
    func row(_ row: Int, by mark: RowMark) throws -> OutboxRow? {
        try rows.bool(row, Column.isSkipped) ? nil : try chunk.row(row, by: mark)
    }
}
