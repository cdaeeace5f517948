import Postgres

@testable import Outbox
@testable import Simulation

/// A random script of writers and of one relay, which a model and a server play.
struct ModelScript {
    enum Step {
        case begin(Int), draw(Int)
        case insert(Int, key: Int, size: Int64)
        /// A row that is rolled back to a savepoint.
        case insertInVain(Int, key: Int, size: Int64)
        case commit(Int), rollBack(Int)
        /// The relay finishes a cut, takes the next and reads its rows.
        case cut
        /// The relay notes how far it is.
        case save
        /// Another session reads the checkpoint, in the same epoch, or in a new one while the old one goes on.
        case reopen, replace
        /// A row of a key is held and its key parked, both twice.
        case hold(key: Int)
        /// Held rows of a key are read and forgotten.
        case release(key: Int)
        case sleep, wake
    }

    static let writers = 4
    static let keys = 5
    let steps: [Step]

    init(seed: UInt64, count: Int) {
        var random = SeededRandom(seed)
        var isOpen = Array(repeating: false, count: Self.writers)
        steps = (0..<count).map { _ in
            let writer = random.below(Self.writers)
            let key = random.below(Self.keys)
            if random.chance(3) { return Self.relayStep(&random, key) }
            guard isOpen[writer] else {
                isOpen[writer] = true
                return random.chance(3) ? .draw(writer) : .begin(writer)
            }
            let size = random.chance(3) ? Int64(random.below(3_000_000)) : 10
            if random.chance(8) { return .insertInVain(writer, key: key, size: size) }
            if random.chance(2) { return .insert(writer, key: key, size: size) }
            isOpen[writer] = false
            return random.chance(5) ? .rollBack(writer) : .commit(writer)
        }
    }

    private static func relayStep(_ random: inout SeededRandom, _ key: Int) -> Step {
        switch random.below(16) {
        case 0: .save
        case 1: .reopen
        case 2: .replace
        case 3: .hold(key: key)
        case 4: .release(key: key)
        case 5: .sleep
        case 6: .wake
        default: .cut
        }
    }
}

/// Plays a script and notes what can be seen.
protocol ScriptStage {
    /// The relay's connection.
    func connect() throws -> PostgresConnection
    var configuration: RelayConfiguration { get }
    /// Does the writers' part of a step.
    mutating func write(_ step: ModelScript.Step) throws
}

/// The relay of a script: the real statements, on a model or on a server.
struct ScriptRelay {
    private let stage: any ScriptStage
    private let checkpoints = CheckpointStatements(schema: "outbox_relay")
    private var lead: LeadConnection
    private var work: PostgresConnection
    private var store: CheckpointStore
    private var reader: CutReader
    private var held: HeldRows
    /// The last row of the last cut.
    private var last: Int64 = 0
    private(set) var seen: [String] = []

    init(_ stage: any ScriptStage) throws {
        self.stage = stage
        lead = try LeadConnection(stage.configuration)
        guard try lead.tryToLead() else { throw OutboxError(.fenced, "nobody else leads") }
        work = try stage.connect()
        store = try CheckpointStore(work, statements: checkpoints, epoch: lead.epoch)
        reader = CutReader(work, statements: CutStatements(schema: "outbox_relay"))
        held = HeldRows(work, schema: "outbox_relay")
    }

    mutating func play(_ step: ModelScript.Step) throws {
        switch step {
        case .cut: try cut()
        case .save where store.checkpoint.draining != nil && last > store.checkpoint.drainedThrough:
            try store.save(through: last, holding: HeldBatch())
            seen.append("saved through \(last)")
        case .reopen: try open()
        case .replace:
            let former = store
            lead.resign()
            lead = try LeadConnection(stage.configuration)
            // A server process ends a moment after its client has gone.
            while try !lead.tryToLead() {}
            try open()
            seen.append(Self.outcome { _ = try former.advance(holding: HeldBatch()) })
        case .hold(let key): try hold(key)
        case .release(let key): try release(key)
        case .sleep: seen.append("sleeps: \(try lead.requestSleepLock())")
        case .wake: try lead.releaseSleepLock()
        default: break
        }
    }

    private mutating func open() throws {
        work = try stage.connect()
        store = try CheckpointStore(work, statements: checkpoints, epoch: lead.epoch)
        reader = CutReader(work, statements: CutStatements(schema: "outbox_relay"))
        held = HeldRows(work, schema: "outbox_relay")
        if let draining = store.checkpoint.draining {
            reader.begin(published: store.checkpoint.published, draining: draining)
            seen.append("again: \(try rows(after: store.checkpoint.drainedThrough))")
        }
    }

    private mutating func cut() throws {
        let found = try store.advance(
            holding: HeldBatch(), smallCut: min(OutboxLimits.rowsOfSmallCut, reader.rowsAtOnce.count))
        seen.append(
            "cut \(store.checkpoint.cut): \(found.rows) rows, \(found.firstChunk == nil ? "chunks" : "with it")")
        guard let draining = store.checkpoint.draining else { return }
        reader.begin(published: store.checkpoint.published, draining: draining, firstChunk: found.firstChunk)
        seen.append("rows: \(try rows(after: 0))")
    }

    private mutating func rows(after outboxID: Int64) throws -> String {
        var (after, texts) = (outboxID, [String]())
        while true {
            let chunk = try reader.read(after: after)
            for index in 0..<chunk.count {
                let row = try chunk.row(index, by: RowMark(epoch: 1))
                texts.append("\(row.outboxID) \(row.key) \(row.sequenceNumber)")
            }
            texts.append(chunk.isLast ? "." : "|")
            if chunk.count > 0 {
                after = chunk.lastID
                last = after
            }
            if chunk.isLast { return texts.joined(separator: ", ") }
        }
    }

    private mutating func hold(_ key: Int) throws {
        let key = Self.key(key)
        for _ in 0..<2 where last > 0 {
            var batch = HeldBatch()
            batch.park(key, last, "test", retryAfter: nil)
            batch.hold(last, key)
            try store.hold(batch)
        }
        seen.append("held \(try held.count()), stored \(store.heldRows)")
        seen.append("parked: \(try ParkedKeys(work, schema: "outbox_relay").contains(key))")
    }

    private mutating func release(_ key: Int) throws {
        let key = Self.key(key)
        let chunk = try held.next(of: key, after: 0, atMost: 2)
        let rows = try (0..<chunk.count).map { try chunk.row($0, by: RowMark(epoch: 1))?.outboxID ?? 0 }
        seen.append("held rows: \(rows)")
        if chunk.count > 0 {
            let last = try chunk.holdID(chunk.count - 1)
            try store.whileLeading { try held.forget(key, through: last) }
        }
        seen.append("forgotten: \(try store.whileLeading { try held.forget(key) }), held \(try held.count())")
    }

    private static func key(_ number: Int) -> OutboxKey {
        let key = ModelKey(number)
        return OutboxKey(aggregateType: key.type, aggregateID: key.id)
    }

    private static func outcome(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "moved"
        } catch let error as OutboxError {
            return "\(error.code)"
        } catch {
            return "another error"
        }
    }
}
