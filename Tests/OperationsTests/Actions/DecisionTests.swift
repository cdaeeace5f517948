import Postgres
import TestKit
import Testing

@testable import Operations

/// Every action leaves a row in the table `decision`, with the caller and the reason.
@Suite struct DecisionTests {
    /// An action of a desk, on an outbox with one parked key of two rows.
    struct Action: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// What comes before; its decisions do not count.
        var before: @Sendable (OperatorDesk) throws -> Void = { _ in }
        let act: @Sendable (OperatorDesk, String) throws -> Void
        /// `about` and `step` of the decision.
        var about: String?
        var step: String?
    }

    private static let key = ParkedFilter(aggregateType: "letter", aggregateId: "k")
    private static let headers = Bulk.Action.edit(set: ["a": "1"], remove: [])

    static let actions: [Action] = [
        Action(testDescription: "release") { _ = try $0.release(key, reason: $1) },
        Action(testDescription: "skip") { _ = try $0.skip([1], reason: $1) },
        Action(testDescription: "edit") { _ = try $0.edit(1, payload: [1], headers: nil, reason: $1) },
        Action(testDescription: "pause") { _ = try $0.pause(reason: $1) },
        Action(testDescription: "resume", before: { _ = try $0.pause(reason: "x") }) { _ = try $0.resume(reason: $1) },
        Action(
            testDescription: "replay",
            act: { _ = try $0.beginReplay(EventFilter(), rowsPerSecond: 1, reason: $1) }, about: "replay 1"),
        Action(
            testDescription: "replay stop",
            before: { _ = try $0.beginReplay(EventFilter(), rowsPerSecond: 1, reason: "x") },
            act: { _ = try $0.stopReplay(1, reason: $1) }, about: "replay 1", step: "stop"),
        Action(
            testDescription: "replay continue",
            before: { _ = try $0.beginReplay(EventFilter(), rowsPerSecond: 1, reason: "x") },
            act: { _ = try $0.continueReplay(1, reason: $1) }, about: "replay 1", step: "continue"),
        Action(
            testDescription: "bulk release", act: { _ = try $0.beginBulk(.release, ParkedFilter(), reason: $1) },
            about: "bulk action 1"),
        Action(
            testDescription: "bulk skip", act: { _ = try $0.beginBulk(.skip, ParkedFilter(), reason: $1) },
            about: "bulk action 1"),
        Action(
            testDescription: "bulk edit", act: { _ = try $0.beginBulk(headers, ParkedFilter(), reason: $1) },
            about: "bulk action 1"),
        Action(
            testDescription: "bulk stop", before: { _ = try $0.beginBulk(.skip, ParkedFilter(), reason: "x") },
            act: { _ = try $0.stopBulk(1, reason: $1) }, about: "bulk action 1", step: "stop"),
        Action(
            testDescription: "bulk continue", before: { _ = try $0.beginBulk(.skip, ParkedFilter(), reason: "x") },
            act: { _ = try $0.continueBulk(1, reason: $1) }, about: "bulk action 1", step: "continue"),
        Action(
            testDescription: "rebuild", act: { _ = try $0.beginRebuild(ordersPerSecond: 1, reason: $1) },
            about: "rebuild 1"),
        Action(
            testDescription: "rebuild stop", before: { _ = try $0.beginRebuild(ordersPerSecond: 1, reason: "x") },
            act: { _ = try $0.stopRebuild(1, reason: $1) }, about: "rebuild 1", step: "stop"),
    ]

    @Test(arguments: actions) func anActionIsRecordedWithCallerAndReason(_ action: Action) async throws {
        let outbox = try await Self.parked()
        try await onThread {
            let desk = try outbox.desk()
            try action.before(desk)
            let earlier = try desk.decisions().first?.decisionId ?? 0
            #expect(throws: OperatorError.self) { try action.act(desk, " \n") }
            #expect(try (desk.decisions().first?.decisionId ?? 0) == earlier)
            try action.act(desk, "because of it")
            let made = try desk.decisions().filter { $0.decisionId > earlier }
            #expect(made.count == 1)
            let decision = try #require(made.first)
            #expect(decision.caller == "ada" && decision.reason == "because of it", "\(decision)")
            #expect(decision.about == action.about && decision.step == action.step, "\(decision)")
            // What it began can be told from its details; only an edit has contents to hide.
            let hidden = try #require(try outbox.desk(hidesPayloads: true).decisions().first)
            #expect(hidden.about == action.about)
            #expect((hidden.details == nil) == (decision.details == nil || decision.action == "edit"))
        }
    }

    /// Work that no session does is over as soon as it is stopped, and a session that comes too late finds it so.
    @Test func interruptedWorkIsOverWhenItIsStopped() async throws {
        let outbox = try await Self.parked()
        try await onThread {
            let desk = try outbox.desk()
            let replay = try desk.beginReplay(EventFilter(), rowsPerSecond: 1, reason: "x")
            let bulk = try desk.beginBulk(.skip, ParkedFilter(), reason: "x")
            _ = try desk.stopReplay(replay.replayId, reason: "x")
            _ = try desk.stopBulk(bulk.bulkId, reason: "x")
            #expect(try desk.replay(replay.replayId)?.endedAt != nil)
            #expect(try desk.bulk(bulk.bulkId)?.endedAt != nil)
            try outbox.desk().runReplay(replay.replayId)
            try outbox.desk().runBulk(bulk.bulkId)
            #expect(throws: OperatorError.self) { _ = try desk.stopReplay(replay.replayId, reason: "x") }
            #expect(throws: OperatorError.self) { _ = try desk.continueBulk(bulk.bulkId, reason: "x") }
            #expect(throws: OperatorError.self) { _ = try desk.continueReplay(77, reason: "x") }
            #expect(try desk.status().work.isEmpty)
        }
    }

    /// Another session has the row of the replay: an action gives up soon and says why.
    @Test func aLockOfAnotherSessionIsTold() async throws {
        let outbox = try await Self.parked()
        try await onThread {
            let desk = try outbox.desk()
            _ = try desk.beginReplay(EventFilter(), rowsPerSecond: 1, reason: "x")
            let other = try outbox.connect()
            try other.execute("BEGIN; SELECT FROM outbox_relay.replay FOR UPDATE")
            #expect { _ = try desk.stopReplay(1, reason: "x") } throws: {
                "\($0)".contains("another session has held a lock")
            }
            try other.execute("COMMIT")
            #expect(try desk.stopReplay(1, reason: "x").lastDecision != nil)
        }
    }

    /// Published rows, and a parked key of two rows that no relay has seen.
    private static func parked() async throws -> OperatedOutbox {
        let outbox = try await OperatedOutbox()
        try await onThread {
            try outbox.connect().execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'letter', 'k', s, 'letter_sent', 'x' FROM generate_series(0, 1) AS s;
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', 'a', s, 'order_placed', 'x' FROM generate_series(0, 4) AS s;
                INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id)
                SELECT outbox_id, aggregate_type, aggregate_id FROM outbox WHERE aggregate_type = 'letter';
                INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error)
                VALUES ('letter', 'k', 1, 'MSG_SIZE_TOO_LARGE');
                UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot();
                """)
        }
        return outbox
    }
}
