import Postgres

@testable import Outbox

/// A writer that does what services do, and what they should not: early transaction ids, long transactions, savepoints,
/// mixed isolation levels, rollbacks, two-phase commits. It keeps the one rule there is: an aggregate's next row is
/// inserted after the last one was committed, or in the same transaction. A unique index refuses writers that raced.
struct RandomWriter {
    static let aggregates = 12

    private let connection: PostgresConnection
    /// Prepared transactions are named in the whole server.
    private let name: String
    private var random: SplitMix
    private var prepared = 0

    static let schema =
        """
        CREATE TABLE stream (aggregate text, sequence bigint, PRIMARY KEY (aggregate, sequence)); CREATE TABLE
        scratch (n int)
        """

    private static let lastSequence: PostgresStatement =
        "SELECT coalesce(max(sequence), -1) FROM stream WHERE aggregate = $1"
    private static let insertStep: PostgresStatement = "INSERT INTO stream VALUES ($1, $2)"

    init(_ connection: PostgresConnection, name: String, seed: UInt64) {
        self.connection = connection
        self.name = name
        random = SplitMix(seed)
    }

    mutating func transaction() throws {
        let level = chance(4) ? "REPEATABLE READ" : "READ COMMITTED"
        let isTwoPhase = chance(12)
        try connection.execute("SET outbox_relay.wake = \(isTwoPhase ? "off" : "on"); BEGIN ISOLATION LEVEL \(level)")
        do {
            if chance(3) { try connection.execute("INSERT INTO scratch VALUES (1)") }
            if chance(8) { try pause(upTo: 30) }
            for _ in 0..<Int.random(in: 1...3, using: &random) { try append() }
            if chance(10) { try pause(upTo: 40) } else if chance(3) { try pause(upTo: 3) }
            try end(isTwoPhase: isTwoPhase)
        } catch let error as PostgresError
            where error.sqlState == "23505" || error.sqlState == "40001" || error.sqlState == "40P01"
        {
            // Another writer took the number: the transaction and its rows are gone.
            try connection.execute("ROLLBACK")
        }
    }

    private mutating func append() throws {
        let aggregate = "a\(Int.random(in: 0..<Self.aggregates, using: &random))"
        let usesSavepoint = chance(5)
        if usesSavepoint { try connection.execute("SAVEPOINT s") }
        let last = try connection.query(
            Self.lastSequence, [.text(aggregate)]
        ).int64(0, 0)
        for step in 1...Int64.random(in: 1...2, using: &random) {
            try connection.query(Self.insertStep, [.text(aggregate), .int8(last + step)])
            try connection.insertRow(aggregate, last + step)
        }
        if usesSavepoint { try connection.execute(chance(2) ? "ROLLBACK TO SAVEPOINT s" : "RELEASE SAVEPOINT s") }
    }

    private mutating func end(isTwoPhase: Bool) throws {
        if chance(7) { return try connection.execute("ROLLBACK") }
        guard isTwoPhase else { return try connection.execute("COMMIT") }
        prepared += 1
        let id = "\(name)-\(prepared)"
        try connection.execute("PREPARE TRANSACTION '\(id)'")
        try pause(upTo: 20)
        try connection.execute("\(chance(3) ? "ROLLBACK" : "COMMIT") PREPARED '\(id)'")
    }

    /// In the server, so that the writer's transaction is what takes time.
    private mutating func pause(upTo milliseconds: Int) throws {
        let pause = Double(Int.random(in: 1...milliseconds, using: &random)) / 1000
        try connection.execute("SELECT pg_sleep(\(pause))")
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
}
