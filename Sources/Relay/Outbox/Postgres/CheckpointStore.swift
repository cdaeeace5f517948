import Postgres
import Sabotage

/// Reads and moves the checkpoint row, on the work connection, for one epoch.
///
/// A move that meets no row means that another epoch has begun, or that another session moved the row. In both cases
/// what this leader knows is stale, and it must start over.
final class CheckpointStore {
    /// The columns that follow the rows of a cut in the answer to an advance.
    private enum AdvanceColumn: Int { case rows = 10, place, draining, cut }
    private let connection: PostgresConnection
    private let statements: CheckpointStatements
    private var twin = 0
    private var place = ""
    private var movesInTwin = 0
    private(set) var checkpoint: Checkpoint
    /// Whether a cut whose rows are on disk may be committed without waiting for the disk. Not where Kafka's record
    /// says how far publishing is: the checkpoint may not fall behind that record.
    private let flushesLater: Bool
    /// Rows of the cuts since the last one that waited for the disk.
    private var unflushedRows = 0
    /// Rows that moves of this session put among the held ones.
    private(set) var heldRows = 0

    /// Reads the checkpoint, which must be of this epoch.
    init(_ connection: PostgresConnection, statements: CheckpointStatements, epoch: Int64, flushesLater: Bool = false)
        throws
    {
        self.connection = connection
        self.flushesLater = flushesLater
        self.statements = statements
        if Mutant.cutTakenAgain.isOn { try connection.execute(statements.takeAgain) }
        let stored = try Stored.load(connection, statements)
        guard stored.checkpoint.epoch == epoch else { throw Self.fenced }
        twin = stored.twin
        place = stored.place
        checkpoint = stored.checkpoint
    }

    /// Reads the checkpoint again, and makes sure that this epoch still leads.
    func verify() throws {
        let stored = try Stored.load(connection, statements)
        guard stored.checkpoint.epoch == checkpoint.epoch else { throw Self.fenced }
        twin = stored.twin
        place = stored.place
        checkpoint = stored.checkpoint
    }

    /// Waits until the synchronous standby, if one is configured, has the cut that is being drained. The commit that
    /// took the cut may have given up its wait: it was cancelled, or the server was started again.
    func waitForStandby() throws {
        guard checkpoint.draining != nil else { return }
        try connection.query(statements.reachStandby)
    }

    /// Stores parked keys and held rows by themselves, durably, unless another epoch has begun: a former leader may not
    /// hold what the new one has published since. Doing it again changes nothing.
    func hold(_ batch: HeldBatch) throws {
        guard !batch.isEmpty else { return }
        try whileLeading { note(batch, try connection.pipeline(batch.queries(statements))[...]) }
    }

    /// Does in one transaction what only the leader may do. A former leader that was stopped does not know that it was
    /// replaced; it finds no row of its epoch here.
    func whileLeading<T>(_ body: () throws -> T) throws -> T {
        try connection.transaction {
            let own = try connection.query(statements.twins[twin].lock, [.literal(place), .int8(checkpoint.epoch)])
            guard own.count == 1 else { throw Self.fenced }
            return try body()
        }
    }

    /// Gives the current cut a number that no lost history has reached: the time in microseconds, as a rebase does.
    ///
    /// - Parameters:
    ///   - cut: the number to exceed.
    ///   - reason: recorded with the decision.
    func jump(beyond cut: Int64, reason: String) throws {
        try whileLeading {
            try connection.query(statements.twins[twin].jump, [.int8(checkpoint.epoch), .int8(cut)])
            try connection.query(statements.decide, [.text(reason)])
        }
        try verify()
    }

    /// What ``advance(holding:)`` found.
    struct Advance {
        /// Rows of the new cut, counted up to one more than those of a small one; 0 if no cut was taken.
        var rows = 0
        /// The bytes of their payloads, if they were read.
        var bytes = 0
        /// All rows of a small cut that fits one chunk. They were read with the cut, and the cut is committed.
        var firstChunk: Chunk?
    }

    /// Finishes the current cut, if there is one, and takes the next if there are rows.
    ///
    /// - Parameter smallCut: the rows up to which it brings them along.
    func advance(holding batch: HeldBatch, smallCut: Int = OutboxLimits.rowsOfSmallCut) throws -> Advance {
        let finished = checkpoint.draining ?? checkpoint.published
        let mayFlushLater = flushesLater && unflushedRows < OutboxLimits.rowsFlushedLater
        let rows: PostgresResult
        do {
            rows = try moving(holding: batch) {
                advanceQuery(finished, smallCut) { mayFlushLater ? $0.flushedLater : $0.durable }
            }
        } catch let error as PostgresError where SingleRows.isToBlame(error) {
            rows = try moving(holding: batch) { advanceQuery(finished, smallCut) { $0.blind } }
        }
        let found = Int(try rows.int64(0, AdvanceColumn.rows))
        if found > 0 { unflushedRows = mayFlushLater ? unflushedRows + found : 0 }
        let isMove = found > 0 || checkpoint.draining != nil
        guard !isMove || !rows.isNull(0, AdvanceColumn.place) else { throw Self.fenced }
        guard isMove else { return Advance() }
        checkpoint.published = finished
        checkpoint.draining = try rows.optionalString(0, AdvanceColumn.draining).map(snapshot)
        let cut = try rows.int64(0, AdvanceColumn.cut)
        assert(cut == checkpoint.cut || cut == checkpoint.cut + 1, "cuts are numbered without gaps")
        checkpoint.cut = cut
        checkpoint.drainedThrough = 0
        try moved(to: try rows.string(0, AdvanceColumn.place))
        return Advance(
            rows: found, bytes: Int(try rows.int64(0, CutStatements.Column.running)),
            firstChunk: rows.isNull(0, CutStatements.Column.outboxID) ? nil : try Chunk(rows, isLast: true))
    }

    private func advanceQuery(
        _ finished: Snapshot, _ smallCut: Int, _ choice: (CheckpointStatements.Advance) -> PostgresStatement
    ) -> PostgresQuery {
        let parameters: [PostgresParameter] = [
            .literal(place), .int8(checkpoint.epoch), .literal(finished.text), .literal(String(finished.xmax)),
            .int8(Int64(smallCut)),
        ]
        let twin = statements.twins[twin]
        if finished.inProgress.isEmpty || Mutant.lateRowsNotFetched.isOn {
            return PostgresQuery(choice(twin.advanceWithoutLate), parameters)
        }
        return PostgresQuery(choice(twin.advance), parameters + [.literal(finished.inProgressArray)])
    }

    /// Notes that the rows of the cut up to this id are settled.
    func save(through outboxID: Int64, holding batch: HeldBatch) throws {
        let rows = try moving(holding: batch) {
            PostgresQuery(statements.twins[twin].save, [.literal(place), .int8(checkpoint.epoch), .int8(outboxID)])
        }
        guard rows.count == 1 else { throw Self.fenced }
        assert(outboxID >= checkpoint.drainedThrough, "the checkpoint only moves forward")
        checkpoint.drainedThrough = outboxID
        try moved(to: try rows.string(0, 0))
    }

    /// The move and what goes with it, in one transaction: the checkpoint may not pass a held row that is not stored,
    /// and the new leader may have published since what a former leader held.
    private func moving(holding batch: HeldBatch, _ move: () -> PostgresQuery) throws -> PostgresResult {
        let query = move()
        guard !batch.isEmpty else { return try connection.query(query.statement, query.parameters) }
        let results = try whileLeading { try connection.pipeline(batch.queries(statements) + [query]) }
        guard let last = results.last else { throw Self.fenced }
        note(batch, results.dropLast())
        return last
    }

    private func note(_ batch: HeldBatch, _ results: ArraySlice<PostgresResult>) {
        if !batch.rows.isEmpty, let held = results.last { heldRows += held.affectedRows }
    }

    private func moved(to place: String) throws {
        self.place = place
        movesInTwin += 1
        if movesInTwin >= OutboxLimits.movesPerCheckpointTwin { try changeTwin() }
    }

    /// Moves the row to the other table and empties this one. While another session reads it, this is left for later.
    private func changeTwin() throws {
        movesInTwin = 0
        do {
            place = try connection.transaction { try copyAndTruncate() }
            twin = 1 - twin
        } catch let error as PostgresError {
            guard error.sqlState == SQLState.lockNotAvailable else { throw error }
        }
    }

    private func copyAndTruncate() throws -> String {
        try connection.execute("SET LOCAL lock_timeout = \(OutboxLimits.truncateLockMilliseconds)")
        let copy = try connection.query(statements.twins[twin].copyToOther, [.literal(place), .int8(checkpoint.epoch)])
        guard copy.count == 1 else { throw Self.fenced }
        let newPlace = try copy.string(0, 0)
        try connection.execute(statements.twins[twin].truncate)
        return newPlace
    }

    private func snapshot(_ text: String) throws -> Snapshot {
        guard let snapshot = Snapshot(text) else { throw OutboxError(.schema, "\"\(text)\" is not a pg_snapshot") }
        return snapshot
    }

    static let fenced = OutboxError(.fenced, "another relay leads now, or the checkpoint was moved by another session")
}

// MARK: - As it is stored

extension CheckpointStore {
    /// The checkpoint as it lies in the database.
    struct Stored {
        /// Which of the twin tables has the row: 0 or 1.
        var twin: Int
        /// The row's ctid.
        var place: String
        var checkpoint: Checkpoint

        private enum Column: Int { case twin, place, epoch, cut, published, draining, drainedThrough }

        /// - Throws: ``OutboxError`` with code `schema` unless there is exactly one row that makes sense.
        static func load(_ connection: PostgresConnection, _ statements: CheckpointStatements) throws -> Stored {
            let rows = try connection.query(statements.load)
            guard rows.count == 1 else {
                throw OutboxError(
                    .schema, "the checkpoint must be one row in one of its two tables, there are \(rows.count)")
            }
            guard let published = Snapshot(try rows.string(0, Column.published)) else {
                throw OutboxError(.schema, "the checkpoint's published is not a pg_snapshot")
            }
            return Stored(
                twin: Int(try rows.int32(0, Column.twin)), place: try rows.string(0, Column.place),
                checkpoint: Checkpoint(
                    epoch: try rows.int64(0, Column.epoch), cut: try rows.int64(0, Column.cut), published: published,
                    draining: rows.optionalString(0, Column.draining).flatMap { Snapshot($0) },
                    drainedThrough: try rows.int64(0, Column.drainedThrough)))
        }
    }
}
