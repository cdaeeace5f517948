import Postgres

/// Some held rows of one key.
struct HeldChunk {
    private let rows: PostgresResult
    private let chunk: Chunk

    /// Whether the key has no held rows after these.
    let isLast: Bool

    init(_ rows: PostgresResult, atMost limit: Int) throws {
        self.rows = rows
        chunk = Chunk(held: rows)
        let bytes = rows.count > 0 ? try rows.int64(rows.count - 1, 9) : 0
        isLast = rows.count < limit && bytes < OutboxLimits.bytesPerChunk
    }

    var count: Int { rows.count }

    func holdID(_ row: Int) throws -> Int64 { try rows.int64(row, 10) }

    /// nil for a row that is to be dropped.
    func row(_ row: Int, epoch: Int64) throws -> OutboxRow? {
        try rows.bool(row, 11) ? nil : try chunk.row(row, epoch: epoch)
    }
}
