import Postgres

/// Reads the rows of one cut, chunk by chunk, in outbox id order. Each chunk is one statement: no transaction stays
/// open.
final class CutReader {
    let connection: PostgresConnection
    private let statements: CutStatements
    private var cut: Cut?
    /// The next chunk, being read while the rows of the last one are offered.
    private var ahead: (after: Int64, asked: Int, answer: PostgresStarted)?
    /// The cut's first chunk, if it came with the cut.
    private var firstChunk: Chunk?

    /// Reads row by row where a row of the cut cannot be read.
    private var single: SingleRows
    /// Also used when a cut is taken, which brings rows along.
    var rowsAtOnce = ChunkRows()

    private struct Cut {
        var published: Snapshot
        var draining: Snapshot
        /// Read when a chunk is first read from the server.
        var walk: Walk?
    }

    /// Where the walk through the cut begins, and which late transactions have rows.
    private struct Walk {
        var floor: Int64
        var late: String
    }

    init(_ connection: PostgresConnection, statements: CutStatements) {
        self.connection = connection
        self.statements = statements
        single = SingleRows(connection, statements)
    }

    /// Turns to a cut.
    ///
    /// - Parameter firstChunk: all its rows, if they came with it.
    func begin(published: Snapshot, draining: Snapshot, firstChunk: Chunk? = nil) {
        cut = Cut(published: published, draining: draining, walk: nil)
        self.firstChunk = firstChunk
        ahead = nil
        single = SingleRows(connection, statements)
        if let firstChunk { rowsAtOnce.read(firstChunk.count, bytes: firstChunk.bytes) }
    }

    /// Reads the next chunk. The first costs no round trip if it came with the cut; read again, it does.
    func read(after outboxID: Int64) throws -> Chunk {
        defer { firstChunk = nil }
        if let firstChunk, outboxID == 0 { return firstChunk }
        return try connection.withinLongClass { try readFromServer(after: outboxID) }
    }

    private func readFromServer(after outboxID: Int64) throws -> Chunk {
        if let chunk = try single.next(after: outboxID) { return chunk }
        guard let cut else { throw OutboxError(.schema, "a chunk was asked for without a cut") }
        do {
            return try walk(cut, after: outboxID)
        } catch let error as PostgresError where SingleRows.isToBlame(error) {
            try single.find(published: cut.published, draining: cut.draining, after: outboxID)
            guard let chunk = try single.next(after: outboxID) else { throw error }
            return chunk
        }
    }

    /// Takes in what is read ahead. To be called before every wait: a server that cannot send its rows keeps its
    /// snapshot.
    func settle() { connection.takeStarted() }

    /// For the mutant that deletes what is published.
    func deletePublished(_ published: Snapshot) throws {
        try connection.query(statements.deletePublished, [.literal(published.text)])
    }

    private func walk(_ cut: Cut, after outboxID: Int64) throws -> Chunk {
        let walk = try cut.walk ?? startWalk(cut)
        let chunk = try walkOn(cut, walk, after: outboxID)
        if !chunk.isLast {
            let asked = rowsAtOnce.count
            let next = try connection.start(statements.backlog, parameters(cut, walk, after: chunk.lastID, asked))
            ahead = (chunk.lastID, asked, next)
        }
        return chunk
    }

    private func startWalk(_ cut: Cut) throws -> Walk {
        let floor = try connection.query(statements.floor, [.literal(String(cut.published.xmax))])
        let late = try connection.query(
            statements.late, [.literal(cut.published.inProgressArray), .literal(cut.draining.text)])
        let walk = Walk(floor: try floor.int64(0, 0), late: try late.string(0, 0))
        self.cut?.walk = walk
        return walk
    }

    /// Asks for as many rows as should fit. If the rows do not fit, the answer tells by how much, and fewer are asked
    /// for; if those do not fit either, they are measured row by row.
    private func walkOn(_ cut: Cut, _ walk: Walk, after outboxID: Int64) throws -> Chunk {
        var (rows, asked) = try firstTry(cut, walk, after: outboxID)
        for statement in [statements.backlog, statements.heavyBacklog] where try Self.isTooMuch(rows) {
            rowsAtOnce.read(asked, bytes: Int(try rows.int64(0, CutStatements.Column.running)))
            asked = rowsAtOnce.count
            rows = try connection.query(
                asked == 1 ? statements.heavyBacklog : statement, parameters(cut, walk, after: outboxID, asked))
        }
        let chunk = try Chunk(rows, asked: asked)
        rowsAtOnce.read(chunk.count, bytes: chunk.bytes)
        return chunk
    }

    private func firstTry(_ cut: Cut, _ walk: Walk, after outboxID: Int64) throws -> (PostgresResult, asked: Int) {
        defer { ahead = nil }
        if let ahead, ahead.after == outboxID { return (try connection.result(of: ahead.answer), ahead.asked) }
        let asked = rowsAtOnce.count
        return (try connection.query(statements.backlog, parameters(cut, walk, after: outboxID, asked)), asked)
    }

    /// A row with nothing but the bytes stands for rows that do not fit a chunk.
    private static func isTooMuch(_ rows: PostgresResult) throws -> Bool {
        rows.count == 1 && rows.isNull(0, CutStatements.Column.outboxID)
    }

    private func parameters(_ cut: Cut, _ walk: Walk, after outboxID: Int64, _ asked: Int) -> [PostgresParameter] {
        [
            .literal(String(cut.published.xmax)), .literal(walk.late), .literal(cut.draining.text), .int8(outboxID),
            .int8(Int64(asked)), .int8(Int64(OutboxLimits.bytesPerChunk)), .int8(max(outboxID, walk.floor - 1)),
        ]
    }
}

extension PostgresConnection {
    /// Runs statements that read as much as a cut has, which may take long.
    func withinLongClass<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
        try within(
            .seconds(OutboxLimits.workStatementSeconds), late: .seconds(OutboxLimits.lateCutSeconds), body)
    }
}
