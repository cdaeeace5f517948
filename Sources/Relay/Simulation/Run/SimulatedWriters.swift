/// All writers, and which keys are locked by an open transaction.
struct SimulatedWriters {
    var writers: [SimulatedWriter]
    /// By key, the writer whose transaction has inserted a row of it.
    private var owners: [Int?]
    /// By key, the sequence number that the next row gets once all transactions have ended.
    private var sequences: [Int64]
    private(set) var isClosed = false

    init(_ count: Int, keys: Int) {
        writers = Array(repeating: SimulatedWriter(), count: count)
        owners = Array(repeating: nil, count: keys)
        sequences = Array(repeating: 0, count: keys)
    }

    /// No more transactions begin.
    mutating func close() { isClosed = true }

    var areIdle: Bool { writers.allSatisfy { $0.transaction == nil } }

    /// Whether a writer has something to do.
    func isActive(_ index: Int) -> Bool { !isClosed || writers[index].transaction != nil }

    /// Postgres has crashed: all transactions are gone.
    mutating func crash(_ server: ModelPostgres) {
        for index in writers.indices { writers[index].transaction = nil }
        for key in owners.indices {
            owners[key] = nil
            sequences[key] = (server.visibleRows { $0.key == key }.map(\.sequence).max() ?? -1) + 1
        }
    }

    /// The next step of a writer, in words.
    mutating func step(_ index: Int, _ server: ModelPostgres, _ random: inout SeededRandom, now: Int64) -> String {
        // Mostly in quick succession; sometimes a person is at the prompt.
        let pause = random.chance(40) ? random.below(20_000_000) : random.below(random.chance(4) ? 200_000 : 6_000)
        writers[index].nextAt = now + Int64(pause)
        guard var open = writers[index].transaction else {
            writers[index].transaction = begin(&random, server)
            return "begins"
        }
        if open.isWritten {
            show(open, server, index)
            return "committed \(open.id ?? 0)" + (open.mustNotify ? ", notifies" : "")
        }
        if open.rowsLeft > 0 {
            open.rowsLeft -= 1
            let done = insert(&open, index, server, &random, now: now)
            writers[index].transaction = open
            return done
        }
        guard let id = open.id, !random.chance(9) else {
            abort(open, index, server)
            return "rolls back"
        }
        server.writeCommit(id, waitsForDisk: open.waitsForDisk)
        open.isWritten = true
        writers[index].transaction = open
        return "commits \(id)" + (open.waitsForDisk ? "" : " without the disk")
    }

    private func begin(_ random: inout SeededRandom, _ server: ModelPostgres) -> SimulatedWriter.Transaction {
        var made = SimulatedWriter.Transaction(
            rowsLeft: random.chance(10) ? 12 : 1 + random.below(3), waitsForDisk: !random.chance(4),
            wakes: !random.chance(8))
        // It wrote some other table first.
        if random.chance(3) { made.id = server.begin() }
        return made
    }

    private mutating func insert(
        _ open: inout SimulatedWriter.Transaction, _ index: Int, _ server: ModelPostgres, _ random: inout SeededRandom,
        now: Int64
    ) -> String {
        let key = random.below(owners.count)
        guard owners[key] == nil || owners[key] == index else { return "waits for k\(key)" }
        let id = open.id ?? server.begin()
        open.id = id
        let isNested = random.chance(6)
        if isNested { open.nested = server.beginNested() }
        let uid = server.followingUID
        let rows = open.keys.first { $0.key == key }?.rows ?? 0
        let sequence = sequences[key] + rows
        // Sizes of up to a megabyte make chunks of a few rows.
        server.insert(id, key: key, sequence: sequence, size: random.chance(2) ? 100 : Int64(random.below(1 << 20)))
        if open.wakes, !server.locks.tryShared(id, now: now) { open.mustNotify = true }
        if isNested, random.chance(2), let nested = open.nested {
            server.rollBack(id, fromUID: uid)
            server.endNested(nested)
            return "\(id) rolls k\(key)/\(sequence) back to a savepoint"
        }
        owners[key] = index
        open.keys.removeAll { $0.key == key }
        open.keys.append((key, rows + 1))
        return "\(id) inserts k\(key)/\(sequence)"
    }

    private mutating func show(_ open: SimulatedWriter.Transaction, _ server: ModelPostgres, _ index: Int) {
        guard let id = open.id else { return }
        server.showCommit(id, nested: open.nested)
        for (key, rows) in open.keys { sequences[key] += rows }
        if open.mustNotify { for session in server.sessions { session.notify() } }
        end(id, index, server)
    }

    private mutating func abort(_ open: SimulatedWriter.Transaction, _ index: Int, _ server: ModelPostgres) {
        if let id = open.id { server.abort(id, nested: open.nested) }
        end(open.id, index, server)
    }

    private mutating func end(_ id: UInt64?, _ index: Int, _ server: ModelPostgres) {
        if let id { server.locks.endShared(id) }
        for key in owners.indices where owners[key] == index { owners[key] = nil }
        writers[index].transaction = nil
    }
}
