import Postgres
import TestKit
import Testing

@testable import Outbox
@testable import Simulation

/// Where the model and Postgres could differ: visibility, candidates, chunks, ON CONFLICT, fences, the sleep lock.
struct ModelAgainstPostgresTests {
    private static let scripts = 6
    private static let steps = 150

    @Test func theSameScriptShowsTheSame() async throws {
        var (cuts, chunked, fenced) = (0, 0, 0)
        for seed in 1...UInt64(Self.scripts) {
            let script = ModelScript(seed: seed, count: Self.steps)
            let postgres = try await TestPostgres.configuration()
            let real = try await onThread { try Self.play(script, on: RealStage(postgres)) }
            let model = try Self.play(script, on: ModelStage())
            #expect(real.count == model.count)
            for (line, (real, model)) in zip(real, model).enumerated() where real != model {
                Issue.record("seed \(seed), line \(line): Postgres says \(real), the model says \(model)")
                break
            }
            cuts += real.count { $0.hasPrefix("cut") }
            chunked += real.count { $0.contains("|") }
            fenced += real.count { $0.contains("fenced") }
        }
        #expect(cuts > 100 && chunked > 10 && fenced > 4, "\(cuts) cuts, \(chunked) in chunks, \(fenced) fenced")
    }

    private static func play(_ script: ModelScript, on stage: some ScriptStage) throws -> [String] {
        var stage = stage
        var relay = try ScriptRelay(stage)
        for step in script.steps {
            try stage.write(step)
            try relay.play(step)
        }
        return relay.seen
    }
}

/// A server: the writers' connections.
private struct RealStage: ScriptStage {
    private let postgres: PostgresConfiguration
    private let connections: [PostgresConnection]
    private var sequence: Int64 = 0

    init(_ postgres: PostgresConfiguration) throws {
        self.postgres = postgres
        connections = try (0..<ModelScript.writers).map { _ in try PostgresConnection(postgres) }
    }

    var configuration: RelayConfiguration { RelayConfiguration(postgres: postgres, name: "script") }

    func connect() throws -> PostgresConnection { try PostgresConnection(postgres) }

    mutating func write(_ step: ModelScript.Step) throws {
        switch step {
        case .begin(let writer): try connections[writer].execute("BEGIN")
        case .draw(let writer): try connections[writer].execute("BEGIN; SELECT pg_current_xact_id()")
        case .insert(let writer, let key, let size): try insert(writer, key, size)
        case .insertInVain(let writer, let key, let size):
            try connections[writer].execute("SAVEPOINT s")
            try insert(writer, key, size)
            try connections[writer].execute("ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s")
        case .commit(let writer): try connections[writer].execute("COMMIT")
        case .rollBack(let writer): try connections[writer].execute("ROLLBACK")
        default: break
        }
    }

    private mutating func insert(_ writer: Int, _ number: Int, _ size: Int64) throws {
        let key = ModelKey(number)
        try connections[writer].execute(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            VALUES ('\(key.type)', '\(key.id)', \(sequence), 'happened', convert_to(repeat('x', \(size)), 'UTF8'))
            """)
        sequence += 1
    }
}

/// The model: the writers' transactions.
private struct ModelStage: ScriptStage {
    private let server: ModelPostgres
    private var transactions: [UInt64?] = Array(repeating: nil, count: ModelScript.writers)
    private var sequence: Int64 = 0

    init() {
        // A second for each look at the clock: no lock is still waited for when the next step is made.
        var now: Int64 = 1_700_000_000_000_000
        server = ModelPostgres(now: {
            now += 1_000_000
            return now
        })
    }

    var configuration: RelayConfiguration {
        nonisolated(unsafe) let server = server
        var postgres = PostgresConfiguration(url: "", applicationName: "script")
        postgres.standIn = { (_) throws(PostgresError) -> any PostgresStandIn in server.makeSession(0) }
        return RelayConfiguration(postgres: postgres, name: "script")
    }

    func connect() throws -> PostgresConnection { try PostgresConnection(configuration.postgres) }

    mutating func write(_ step: ModelScript.Step) throws {
        switch step {
        case .draw(let writer): transactions[writer] = server.begin()
        case .insert(let writer, let key, let size): insert(writer, key, size)
        case .insertInVain(let writer, let key, let size):
            let subtransaction = server.beginNested()
            let uid = server.followingUID
            let id = insert(writer, key, size)
            server.rollBack(id, fromUID: uid)
            server.endNested(subtransaction)
        case .commit(let writer):
            guard let id = transactions[writer] else { return }
            server.writeCommit(id, waitsForDisk: true)
            server.showCommit(id)
            end(writer, id)
        case .rollBack(let writer):
            guard let id = transactions[writer] else { return }
            server.abort(id)
            end(writer, id)
        default: break
        }
    }

    @discardableResult
    private mutating func insert(_ writer: Int, _ key: Int, _ size: Int64) -> UInt64 {
        let id = transactions[writer] ?? server.begin()
        transactions[writer] = id
        server.insert(id, key: key, sequence: sequence, size: size)
        _ = server.locks.tryShared(id, now: server.now())
        sequence += 1
        return id
    }

    private mutating func end(_ writer: Int, _ id: UInt64) {
        server.locks.endShared(id)
        transactions[writer] = nil
    }
}
