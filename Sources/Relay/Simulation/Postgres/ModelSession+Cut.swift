import Outbox
import Postgres
import Sabotage

/// The statements that move the checkpoint and read the rows of a cut.
extension ModelSession {
    func runCut(_ statement: ModelStatement, _ arguments: Arguments) throws(PostgresError) -> PostgresResult {
        switch statement {
        case .load: return load()
        case .advance(let form): return try advance(form, arguments)
        case .save: return try save(arguments)
        case .lockCheckpoint:
            try lockCheckpoint()
            guard isOwn(arguments) else { return PostgresResult(columns: 1) }
            // Waits for the disk, like everything that has to do with held rows.
            change(waitsForDisk: true) { _ in }
            return PostgresResult(columns: 1, rows: [[.text("on")]])
        case .reachStandby: return PostgresResult(columns: 1, rows: [[.null]])
        case .floor:
            let from = arguments.transaction(1)
            let first = server.visibleRows { $0.transaction >= from }.first?.outboxID
            return PostgresResult(columns: 1, rows: [[.int8(first ?? 0)]])
        case .late:
            let draining = arguments.snapshot(2)
            let late = arguments.transactions(1).filter { id in
                draining.sees(id) && !server.visibleRows { $0.transaction == id }.isEmpty
            }
            let found = server.mutant == .lateRowsNotFetched ? [] : late
            return PostgresResult(
                columns: 1, rows: [[.text("{" + found.map { String($0) }.joined(separator: ",") + "}")]])
        case .backlog: return backlog(arguments, isMeasured: false)
        case .heavyBacklog: return backlog(arguments, isMeasured: true)
        default: return PostgresResult(columns: 4, rows: [[.int8(0), .int8(0), .int8(0), .int8(0)]])
        }
    }

    // MARK: The checkpoint

    private func load() -> PostgresResult {
        var found = tables.checkpoint
        if server.mutant == .cutTakenAgain, found.draining != nil { found.draining = server.snapshot }
        return PostgresResult(
            columns: 7,
            rows: [
                [
                    .int4(0), .text(found.ctid), .int8(found.epoch), .int8(found.cut),
                    .text(found.published.description), found.draining.map { .text($0.description) } ?? .null,
                    .int8(found.drainedThrough),
                ]
            ])
    }

    /// `WHERE ctid = $1 AND epoch = $2`.
    private func isOwn(_ arguments: Arguments) -> Bool {
        if server.mutant == .noFenceOnCheckpoint { return true }
        let checkpoint = tables.checkpoint
        return checkpoint.ctid == arguments.text(1) && checkpoint.epoch == arguments.integer(2)
    }

    private func save(_ arguments: Arguments) throws(PostgresError) -> PostgresResult {
        try requireCheckpoint()
        guard isOwn(arguments) else { return PostgresResult(columns: 2) }
        let through = arguments.integer(3) ?? 0
        moved(arguments)
        change(waitsForDisk: false) {
            $0.checkpoint.drainedThrough = through
            $0.checkpoint.place += 1
        }
        return PostgresResult(columns: 2, rows: [[.text(tables.checkpoint.ctid), .text("off")]])
    }

    private func moved(_ arguments: Arguments) {
        server.onMove?(arguments.integer(2) ?? 0, tables.checkpoint.epoch)
    }

    /// Finishes a cut and takes the next, in one statement with one snapshot.
    private func advance(_ form: ModelStatement.Advance, _ arguments: Arguments) throws(PostgresError) -> PostgresResult
    {
        let snapshot = server.snapshot
        let limit = Int(arguments.integer(5) ?? 0) + 1
        let from = arguments.transaction(4)
        let late = server.mutant == .lateRowsNotFetched ? [] : arguments.transactions(6)
        var candidates = server.visibleRows { $0.transaction >= from }.prefix(limit)
        if form.seesLate { candidates += server.visibleRows { late.contains($0.transaction) }.prefix(limit) }
        if server.mutant == .readsByID { candidates = candidates.filter { $0.outboxID > server.highestRead } }
        let count = candidates.count
        let bytes = candidates.reduce(0) { $0 + $1.size }
        let isFlushed =
            form.flushesLater && count <= OutboxLimits.rowsFlushedLater
            && (server.isFlushed || server.mutant == .publishesWhatIsNotOnDisk)
        let hasMoved = try move(arguments, to: count > 0 ? snapshot : nil, isFlushed: isFlushed)
        let moved = hasMoved ? tables.checkpoint : nil
        let end: [PostgresValue] = [
            .int8(Int64(count)), moved.map { .text($0.ctid) } ?? .null,
            moved?.draining.map { .text($0.description) } ?? .null, moved.map { .int8($0.cut) } ?? .null,
        ]
        guard form.readsRows else {
            return PostgresResult(columns: 14, rows: [Array(repeating: .null, count: 9) + [.int8(0)] + end])
        }
        let brings = count < limit && bytes < Int64(OutboxLimits.bytesPerChunk)
        let rows = brings ? candidates.sorted { $0.outboxID < $1.outboxID } : []
        server.highestRead = max(server.highestRead, candidates.map(\.outboxID).max() ?? 0)
        guard !rows.isEmpty else {
            return PostgresResult(columns: 14, rows: [Array(repeating: .null, count: 9) + [.int8(bytes)] + end])
        }
        return PostgresResult(columns: 14, rows: rows.map { Self.values($0, running: bytes) + end })
    }

    /// - Parameter draining: nil if there are no rows.
    private func move(_ arguments: Arguments, to draining: ModelSnapshot?, isFlushed: Bool) throws(PostgresError)
        -> Bool
    {
        try requireCheckpoint()
        guard isOwn(arguments), draining != nil || tables.checkpoint.draining != nil else { return false }
        let published = arguments.snapshot(3)
        moved(arguments)
        change(waitsForDisk: draining != nil && !isFlushed) {
            $0.checkpoint.published = published
            $0.checkpoint.draining = draining
            $0.checkpoint.cut += draining == nil ? 0 : 1
            $0.checkpoint.drainedThrough = 0
            $0.checkpoint.place += 1
        }
        return true
    }

    // MARK: Rows

    /// The columns of `CutStatements.decoded`.
    static func values(_ row: ModelPostgres.Row, running: Int64) -> [PostgresValue] {
        let key = ModelKey(row.key)
        return [
            .int8(row.outboxID), .bytes(Array(repeating: 0, count: 8) + bigEndian(UInt64(row.uid))), .text(key.type),
            .text(key.id), .int8(row.sequence), .text("happened"), .bytes([]), .null, .timestamp(row.createdAt),
            .int8(running),
        ]
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(value >> (56 - 8 * $0) & 0xFF) } }

    /// The rows of a cut behind an id.
    ///
    /// - Parameter isMeasured: the chunk ends with the row that reaches the bytes; else there is one row that only says
    ///   how many bytes they are.
    private func backlog(_ arguments: Arguments, isMeasured: Bool) -> PostgresResult {
        let (from, late, draining) = (arguments.transaction(1), arguments.transactions(2), arguments.snapshot(3))
        let (after, limit) = (arguments.integer(4) ?? 0, Int(arguments.integer(5) ?? 0))
        let (most, floor) = (arguments.integer(6) ?? 0, arguments.integer(7) ?? 0)
        var found = Array(
            server.visibleRows { $0.outboxID > floor && $0.transaction >= from && draining.sees($0.transaction) }
                .prefix(limit))
        for id in late { found += server.visibleRows { $0.transaction == id && $0.outboxID > after }.prefix(limit) }
        let all = found.reduce(0) { $0 + $1.size }
        let chunk = found.filter { $0.outboxID > after }.sorted { $0.outboxID < $1.outboxID }.prefix(limit)
        guard isMeasured else {
            if !found.isEmpty, all >= most {
                return PostgresResult(columns: 10, rows: [Array(repeating: .null, count: 9) + [.int8(all)]])
            }
            return PostgresResult(columns: 10, rows: chunk.map { Self.values($0, running: all) })
        }
        var running: Int64 = 0
        var rows: [[PostgresValue]] = []
        for row in chunk where running < most {
            running += row.size
            rows.append(Self.values(row, running: running))
        }
        return PostgresResult(columns: 10, rows: rows)
    }
}
