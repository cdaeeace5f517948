internal import Postgres

/// Some held rows of one key.
struct HeldChunk {
    private let rows: PostgresResult
    private let chunk: Chunk

    init(_ rows: PostgresResult) {
        self.rows = rows
        chunk = Chunk(held: rows)
    }

    var count: Int { rows.count }

    func holdID(_ row: Int) throws -> Int64 { try rows.int64(row, 10) }

    /// nil for a row that is to be dropped.
    func row(_ row: Int, epoch: Int64) throws -> OutboxRow? {
        try rows.bool(row, 11) ? nil : try chunk.row(row, epoch: epoch)
    }
}
