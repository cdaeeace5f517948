internal import Postgres

/// Reads the rows of one cut, chunk by chunk, in outbox id order. Each chunk is one statement: no transaction stays open.
final class CutReader {
    private let connection: PostgresConnection
    private let statements: CutStatements
    private var cut: Cut?

    private struct Cut {
        var published: Snapshot
        var draining: Snapshot
        /// nil for a small cut.
        var walk: Walk?
    }

    /// Where the walk through a backlog begins, and which late transactions have rows.
    private struct Walk {
        var floor: Int64
        var late: String
    }

    init(_ connection: PostgresConnection, statements: CutStatements) {
        self.connection = connection
        self.statements = statements
    }

    /// Turns to a cut. `rows` is its size if it is known; an unknown size is walked like a backlog, which is never wrong.
    func begin(published: Snapshot, draining: Snapshot, rows: Int?) throws {
        cut = Cut(published: published, draining: draining, walk: nil)
        if let rows, rows <= OutboxLimits.rowsOfSmallCut { return }
        let floor = try connection.query(statements.floor, [.literal(String(published.xmax))])
        let late = try connection.query(statements.late, [.literal(published.inProgressArray), .literal(draining.text)])
        cut?.walk = Walk(floor: try floor.int64(0, 0), late: try late.string(0, 0))
    }

    /// Reads the next chunk.
    func read(after outboxID: Int64) throws -> Chunk {
        guard let cut else { throw OutboxError(.schema, "a chunk was asked for without a cut") }
        let shared: [PostgresParameter] = [
            .literal(String(cut.published.xmax)), .literal(cut.walk?.late ?? cut.published.inProgressArray),
            .literal(cut.draining.text), .int8(outboxID), .int8(Int64(OutboxLimits.rowsPerChunk)),
            .int8(Int64(OutboxLimits.bytesPerChunk)),
        ]
        guard let walk = cut.walk else { return try Chunk(try connection.query(statements.small, shared)) }
        let start = max(outboxID, walk.floor - 1)
        return try Chunk(try connection.query(statements.backlog, shared + [.int8(start)]))
    }
}
