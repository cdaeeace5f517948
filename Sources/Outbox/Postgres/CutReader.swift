internal import Postgres

/// Reads the rows of one cut, chunk by chunk, in outbox id order. Each chunk is one statement: no transaction stays open.
final class CutReader {
    private let connection: PostgresConnection
    private let statements: CutStatements
    private var cut: Cut?
    /// The cut's first chunk, if it came with the cut.
    private var firstChunk: Chunk?

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
    func begin(published: Snapshot, draining: Snapshot, rows: Int?, firstChunk: Chunk? = nil) throws {
        cut = Cut(published: published, draining: draining, walk: nil)
        self.firstChunk = firstChunk
        if let rows, rows <= OutboxLimits.rowsOfSmallCut { return }
        let floor = try connection.query(statements.floor, [.literal(String(published.xmax))])
        let late = try connection.query(statements.late, [.literal(published.inProgressArray), .literal(draining.text)])
        cut?.walk = Walk(floor: try floor.int64(0, 0), late: try late.string(0, 0))
    }

    /// Reads the next chunk. The first costs no round trip if it came with the cut; read again, it does.
    func read(after outboxID: Int64) throws -> Chunk {
        defer { firstChunk = nil }
        if let firstChunk, outboxID == 0 { return firstChunk }
        guard let cut else { throw OutboxError(.schema, "a chunk was asked for without a cut") }
        let shared: [PostgresParameter] = [
            .literal(String(cut.published.xmax)), .literal(cut.walk?.late ?? cut.published.inProgressArray),
            .literal(cut.draining.text), .int8(outboxID), .int8(Int64(OutboxLimits.rowsPerChunk)),
            .int8(Int64(OutboxLimits.bytesPerChunk)),
        ]
        guard let walk = cut.walk else { return try Chunk(try connection.query(statements.small, shared)) }
        let start = max(outboxID, walk.floor - 1)
        let light = try Chunk(try connection.query(statements.backlog, shared + [.int8(start)]))
        // None: there are no more rows, or too many bytes.
        return light.count > 0 ? light : try Chunk(try connection.query(statements.heavyBacklog, shared + [.int8(start)]))
    }
}
