import Foundation
import Postgres
import TestKit
import Testing

@testable import Outbox

/// Postgres crashes while rows flow, one by one, and some writers do not wait for the disk: what it forgets was not
/// published, and what it remembers is, in order.
struct PostgresCrashTests {
    private static let crashes = 5
    private static let writers = 4
    /// Messages between two crashes.
    private static let rowsBetween = 60

    @Test func aCrashOfPostgresTakesNothingBackThatWasPublished() async throws {
        print("OUTBOX_TEST_SEED=\(CrashTests.seed)")
        let server = try await TestPostgres.start()
        let outbox = try await TestOutbox(on: server)
        let gate = ServerGate()
        let report = try await withRelay(try outbox.relay()) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<Self.writers {
                    group.addTask { try await onThread { try Self.write(outbox, writer, gate) } }
                }
                defer { gate.close() }
                for crash in 1...Self.crashes {
                    let before = outbox.topic.messages.count
                    let haveCome = try await onThread { outbox.topic.wait { $0.count >= before + Self.rowsBetween } }
                    #expect(haveCome, "crash \(crash)")
                    try await server.stop(.immediate)
                    try await server.restart()
                    gate.reopen()
                }
                gate.close()
                try await group.waitForAll()
            }
            return try await onThread {
                let connection = try outbox.connect()
                let rows = try connection.query("SELECT outbox_id FROM outbox")
                let committed = Set(try (0..<rows.count).map { try rows.int64($0, 0) })
                #expect(outbox.topic.wait { committed.isSubset(of: $0.map(\.outboxID)) })
                return try TopicChecker(outbox.topic.messages, connection)
            }
        }
        print("aCrashOfPostgresTakesNothingBackThatWasPublished: \(report)")
        #expect(report.isCorrect, "\(report), seed \(CrashTests.seed)")
    }

    /// Rows of one aggregate, one after the other, from where the database says it stands.
    private static func write(_ outbox: TestOutbox, _ writer: Int, _ gate: ServerGate) throws {
        var random = SplitMix(CrashTests.seed &+ UInt64(writer))
        let key = "w\(writer)"
        while let opening = gate.waitUntilOpen() {
            do {
                let connection = try outbox.connect()
                try connection.execute("SET synchronous_commit = \(writer.isMultiple(of: 2) ? "on" : "off")")
                var sequence = try connection.query(
                    "SELECT coalesce(max(sequence_number), -1) + 1 FROM outbox WHERE aggregate_id = $1", [.text(key)]
                ).int64(0, 0)
                while !gate.isClosed {
                    try connection.insertRow(key, sequence)
                    sequence += 1
                    try connection.execute("SELECT pg_sleep(\(Double(Int.random(in: 0...8, using: &random)) / 1000))")
                }
            } catch is PostgresError {
                gate.lost(opening)
            }
        }
    }
}

/// Lets writers wait for a server that was crashed. `@unchecked`: the condition guards the rest.
private final class ServerGate: @unchecked Sendable {
    private let condition = NSCondition()
    private var opening = 0
    private var lostOpening = -1
    private var hasClosed = false

    var isClosed: Bool { condition.withLock { hasClosed } }

    /// The server is back.
    func reopen() { change { opening += 1 } }

    /// No more rows are wanted.
    func close() { change { hasClosed = true } }

    /// A connection of this opening was lost: the next one is to be waited for.
    func lost(_ opening: Int) { change { lostOpening = max(lostOpening, opening) } }

    /// Which opening it is; nil once it is closed.
    func waitUntilOpen() -> Int? {
        condition.withLock {
            while opening <= lostOpening, !hasClosed { condition.wait() }
            return hasClosed ? nil : opening
        }
    }

    private func change(_ body: () -> Void) {
        condition.withLock {
            body()
            condition.broadcast()
        }
    }
}
