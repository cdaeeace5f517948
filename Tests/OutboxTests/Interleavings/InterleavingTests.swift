import Postgres
import TestKit
import Testing

@testable import Outbox

/// Named steps of concurrent sessions, and what may be in the topic after each.
struct InterleavingTests {
    @Test func aRowOfATransactionThatCommitsLateIsNotSkipped() async throws {
        try await run { early, late, topic in
            try late.execute("BEGIN")
            try late.insertRow("late", 0)
            try early.insertRow("early", 0)
            try expectTopic(topic, ["early/0"])
            try late.execute("COMMIT")
            try expectTopic(topic, ["early/0", "late/0"])
        }
    }

    @Test func oneLongTransactionDelaysOnlyItsOwnRows() async throws {
        try await run { others, long, topic in
            try long.execute("BEGIN")
            try long.insertRow("long", 0)
            for sequence in 0..<50 as Range<Int64> { try others.insertRow("other", sequence) }
            try expectTopic(topic, (0..<50).map { "other/\($0)" })
            try long.execute("COMMIT")
            try expectTopic(topic, (0..<50).map { "other/\($0)" } + ["long/0"])
        }
    }

    @Test func aWriterThatGotItsTransactionIDEarlyDoesNotInvertAnAggregate() async throws {
        try await run { first, early, topic in
            // A lower id than the transaction that writes A/0.
            try early.execute("BEGIN; SELECT pg_current_xact_id()")
            try first.insertRow("A", 0)
            try early.insertRow("A", 1)
            try early.execute("COMMIT")
            try expectTopic(topic, ["A/0", "A/1"])
        }
    }

    @Test func theEarlyIDDoesNotInvertWhenBothAreInOneCutEither() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let first = try outbox.connect()
            let early = try outbox.connect()
            try early.execute("BEGIN; SELECT pg_current_xact_id()")
            try first.insertRow("A", 0)
            try early.insertRow("A", 1)
            try early.execute("COMMIT")
        }
        try await withRelay(try outbox.relay()) {
            try await onThread { try expectTopic(outbox.topic, ["A/0", "A/1"]) }
        }
    }

    @Test func aRolledBackInsertLeavesNoHoleThatStalls() async throws {
        try await run { writer, other, topic in
            try other.execute("BEGIN")
            try other.insertRow("gone", 0)
            try other.execute("ROLLBACK")
            try writer.execute("BEGIN; SAVEPOINT s")
            try writer.insertRow("gone", 1)
            try writer.execute("ROLLBACK TO SAVEPOINT s")
            try writer.insertRow("kept", 0)
            try writer.execute("COMMIT")
            try expectTopic(topic, ["kept/0"])
        }
    }

    @Test func aPreparedTransactionIsPublishedWhenItCommits() async throws {
        try await run({ $0.pollCeiling = .milliseconds(50) }) { writer, prepared, topic in
            try prepared.execute("SET outbox_relay.wake = off; BEGIN")
            try prepared.insertRow("P", 0)
            try prepared.execute("PREPARE TRANSACTION 'p'")
            try writer.insertRow("W", 0)
            try expectTopic(topic, ["W/0"])
            try writer.execute("COMMIT PREPARED 'p'")
            try expectTopic(topic, ["W/0", "P/0"])
        }
    }

    private func run(
        _ change: (inout RelayConfiguration) -> Void = { _ in },
        _ steps: @escaping @Sendable (PostgresConnection, PostgresConnection, MemoryTopic) throws -> Void
    ) async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay(change)) {
            try await onThread { try steps(outbox.connect(), outbox.connect(), outbox.topic) }
        }
    }
}

/// Waits until the topic has as many messages as expected, and compares them.
func expectTopic(_ topic: MemoryTopic, _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    _ = topic.wait { $0.count >= expected.count }
    let found = topic.messages.map { "\($0.key.aggregateID)/\($0.sequence)" }
    #expect(found == expected, sourceLocation: sourceLocation)
}
