import Postgres

/// The checkpoint as it lies in the database: which twin, at which place.
struct StoredCheckpoint {
    var twin: Int
    var place: String
    var checkpoint: Checkpoint

    static func load(_ connection: PostgresConnection, _ statements: CheckpointStatements) throws -> StoredCheckpoint {
        let rows = try connection.query(statements.load)
        guard rows.count == 1 else {
            throw OutboxError(
                .schema, "the checkpoint must be one row in one of its two tables, there are \(rows.count)")
        }
        guard let published = Snapshot(try rows.string(0, 4)) else {
            throw OutboxError(.schema, "the checkpoint's published is not a pg_snapshot")
        }
        return StoredCheckpoint(
            twin: Int(try rows.int32(0, 0)), place: try rows.string(0, 1),
            checkpoint: Checkpoint(
                epoch: try rows.int64(0, 2), cut: try rows.int64(0, 3), published: published,
                draining: rows.optionalString(0, 5).flatMap { Snapshot($0) }, drainedThrough: try rows.int64(0, 6)))
    }
}
