internal import Postgres

/// Reads the rows of one cut, chunk by chunk, in outbox id order. Each chunk is one statement: no transaction stays open.
final class CutReader {
    private let connection: PostgresConnection
    private let statements: CutStatements
    private var cut: Cut?
    /// The next chunk, being read while the rows of the last one are offered.
    private var ahead: (after: Int64, answer: PostgresStarted)?
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
        ahead = nil
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
        guard let walk = cut.walk else { return try Chunk(try connection.query(statements.small, shared(cut, after: outboxID))) }
        let chunk = try walkOn(cut, walk, after: outboxID)
        if !chunk.isLast {
            let next = try connection.start(statements.backlog, parameters(cut, walk, after: chunk.lastID))
            ahead = (chunk.lastID, next)
        }
        return chunk
    }

    /// Takes in what is read ahead. To be called before every wait: a server that cannot send its rows keeps its snapshot.
    func settle() { connection.takeStarted() }

    private func walkOn(_ cut: Cut, _ walk: Walk, after outboxID: Int64) throws -> Chunk {
        defer { ahead = nil }
        let parameters = parameters(cut, walk, after: outboxID)
        let light: PostgresResult
        if let ahead, ahead.after == outboxID {
            light = try connection.result(of: ahead.answer)
        } else {
            light = try connection.query(statements.backlog, parameters)
        }
        // None: there are no more rows, or too many bytes.
        return light.count > 0 ? try Chunk(light) : try Chunk(try connection.query(statements.heavyBacklog, parameters))
    }

    private func shared(_ cut: Cut, after outboxID: Int64) -> [PostgresParameter] {
        [
            .literal(String(cut.published.xmax)), .literal(cut.walk?.late ?? cut.published.inProgressArray),
            .literal(cut.draining.text), .int8(outboxID), .int8(Int64(OutboxLimits.rowsPerChunk)),
            .int8(Int64(OutboxLimits.bytesPerChunk)),
        ]
    }

    private func parameters(_ cut: Cut, _ walk: Walk, after outboxID: Int64) -> [PostgresParameter] {
        shared(cut, after: outboxID) + [.int8(max(outboxID, walk.floor - 1))]
    }
}
