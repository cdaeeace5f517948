import Kafka
import Postgres
import TestKit
import Testing

@testable import Operations

/// Published rows are published again.
@Suite struct ReplayTests {
    @Test func anAggregateIsReplayedInOrderWithAHeader() async throws {
        let outbox = try await OperatedOutbox()
        try await outbox.withRelay { connection in
            for sequence in 0..<6 {
                try connection.append(
                    "order", sequence % 2 == 0 ? "a" : "b", Int64(sequence / 2), payload: "'p\(sequence)'",
                    headers: #"'{"tenant": "eu"}'"#)
            }
            try connection.waitsUntilDrained()
            let desk = try outbox.desk()
            var filter = EventFilter()
            (filter.aggregateType, filter.aggregateId) = ("order", "a")
            let preview = try desk.previewReplay(filter)
            #expect(preview.rows == 3 && preview.events.map(\.sequenceNumber) == [0, 1, 2])
            let replay = try desk.beginReplay(filter, rowsPerSecond: 1_000, reason: "the index was lost")
            #expect(try desk.replay(replay.replayId)?.isRunning == false)
            try Self.run(outbox, replay)
            try connection.waits(for: "ended_at IS NOT NULL FROM outbox_relay.replay")
            let done = try #require(try desk.replay(replay.replayId))
            #expect(done.copied == 3 && done.progress == 1 && done.stopAskedAt == nil)
            try connection.waitsUntilDrained()
            // A copy is not copied again.
            #expect(try desk.previewReplay(filter).rows == 3)
            #expect(try desk.decisions().first?.action == "replay")
        }
        try await onThread {
            let records = try outbox.records("order").filter { $0.keyText == "a" }
            #expect(records.compactMap { $0.headerText("ce_sequence") } == ["0", "1", "2", "0", "1", "2"])
            #expect(records.map { $0.headerText("outbox_replay") } == [nil, nil, nil, "1", "1", "1"])
            #expect(records.map { $0.headerText("id") }[..<3] == records.map { $0.headerText("id") }[3...])
            #expect(records.allSatisfy { $0.headerText("tenant") == "eu" })
            #expect(records.map(\.value)[..<3] == records.map(\.value)[3...])
        }
    }

    /// The connection that started it is closed at once; then it is stopped by another one.
    @Test func theServerGoesOnAloneAndCanBeStopped() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', 'a', s, 'happened', 'x' FROM generate_series(0, 199) s
                """)
            try connection.execute("UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot()")
            let desk = try outbox.desk()
            var filter = EventFilter()
            filter.aggregateType = "order"
            let replay = try desk.beginReplay(filter, rowsPerSecond: 5, reason: "slowly")
            try Self.run(outbox, replay)
            // The client is gone: two chunks of one row each show that the server is not.
            try connection.waits(for: "copied >= 2 FROM outbox_relay.replay")
            #expect(try desk.replay(replay.replayId)?.isRunning == true)
            _ = try desk.stopReplay(replay.replayId, reason: "enough")
            try connection.waits(for: "ended_at IS NOT NULL FROM outbox_relay.replay")
            let stopped = try #require(try desk.replay(replay.replayId))
            #expect(stopped.copied < 200 && stopped.progress < 1 && stopped.stopAskedAt != nil)
            #expect(throws: OperatorError.self) { _ = try desk.stopReplay(replay.replayId, reason: "x") }
            let rows = try connection.query("SELECT count(*) FROM outbox WHERE headers ? 'outbox_replay'")
            #expect(try rows.int64(0, 0) == stopped.copied)
        }
    }

    @Test func whatIsNotPublishedIsNotReplayed() async throws {
        let outbox = try await OperatedOutbox()
        _ = try await outbox.park("big")
        try await onThread {
            let connection = try outbox.connect()
            try connection.append("letter", "waits", 0)
            let desk = try outbox.desk()
            var filter = EventFilter()
            filter.aggregateType = "letter"
            #expect(try desk.previewReplay(filter).rows == 0)
            try Self.run(outbox, try desk.beginReplay(filter, rowsPerSecond: 1_000, reason: "test"))
            try connection.waits(for: "ended_at IS NOT NULL AND copied = 0 FROM outbox_relay.replay")
            #expect(throws: OperatorError.self) {
                _ = try desk.beginReplay(filter, rowsPerSecond: 0, reason: "test")
            }
            filter.since = try desk.moment("2100-01-01")
            #expect(throws: OperatorError.self) { _ = try desk.previewReplay(filter) }
        }
    }

    /// On a connection that is closed when this returns.
    private static func run(_ outbox: OperatedOutbox, _ replay: Replay) throws {
        try outbox.desk().runReplay(replay.replayId)
    }
}
