import Postgres
import TestKit
import Testing

@testable import Operations

/// A rebuild as operators ask for it; projectors do it, see the tests of `Projection`.
@Suite struct RebuildTests {
    @Test func oneIsOpenAtATimeAndTheSecondIsToldWhose() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let desk = try outbox.desk()
            #expect(try desk.previewRebuild().action == "rebuild")
            let rebuild = try desk.beginRebuild(ordersPerSecond: 100, reason: "edited by hand")
            #expect(rebuild.state == .asked && !rebuild.isRunning && rebuild.progress == nil && rebuild.caller == "ada")
            #expect { _ = try desk.beginRebuild(ordersPerSecond: 100, reason: "again") } throws: {
                "\($0)".contains("rebuild 1 is open: asked for by ada") && "\($0)".contains("not begun by a projector")
            }
            let decision = try #require(try desk.decisions().first)
            #expect(decision.action == "rebuild" && decision.reason == "edited by hand")
            #expect(decision.details?.contains("\"rebuild_id\": 1") == true)
            #expect(try desk.stopRebuild(1, reason: "not now").lastDecision != nil)
            #expect(try desk.rebuild(1)?.state == .stopping)
            #expect(try desk.decisions().first?.details?.contains("stop") == true)
            // As the projector does.
            try outbox.connect().execute("UPDATE order_projection_rebuild SET ended_at = now()")
            #expect(try desk.rebuild(1)?.state == .stopped)
            #expect(throws: OperatorError.self) { _ = try desk.stopRebuild(1, reason: "twice") }
            #expect(try desk.beginRebuild(ordersPerSecond: 1, reason: "again").rebuildId == 2)
            #expect(try desk.rebuilds().map(\.rebuildId) == [2, 1])
        }
    }

    @Test func progressIsToldWithRateAndTimeLeft() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let desk = try outbox.desk()
            _ = try desk.beginRebuild(ordersPerSecond: 100, reason: "x")
            try outbox.connect().execute(
                """
                UPDATE order_projection_rebuild SET started_at = now() - interval '20 s', orders = 250,
                    total_orders = 1000, worker = 'host pid 7', worked_at = now(), pace_orders = 50,
                    pace_since = now() - interval '10 s', different = 2, examples = '["different a", "different b"]';
                INSERT INTO order_projection_rebuild_change VALUES ('a'), ('b')
                """)
            let rebuild = try #require(try desk.rebuild(1))
            #expect(rebuild.state == .filling && rebuild.isRunning && rebuild.progress == 0.25)
            #expect(rebuild.rate.map { abs($0 - 20) < 0.1 } == true)
            #expect(rebuild.secondsLeft.map { abs($0 - 37.5) < 0.5 } == true)
            #expect(rebuild.changesWaiting == 2 && rebuild.differences.examples == ["different a", "different b"])
            #expect { _ = try desk.beginRebuild(ordersPerSecond: 1, reason: "x") } throws: {
                "\($0)".contains("done by the projector host pid 7")
            }
        }
    }

    @Test func whatCannotBeDoneIsRefused() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let desk = try outbox.desk()
            #expect(throws: OperatorError.self) { _ = try desk.beginRebuild(ordersPerSecond: 1, reason: "") }
            #expect(throws: OperatorError.self) { _ = try desk.beginRebuild(ordersPerSecond: 0, reason: "x") }
            try outbox.connect().execute("CREATE VIEW report AS SELECT * FROM order_projection")
            #expect { _ = try desk.beginRebuild(ordersPerSecond: 1, reason: "x") } throws: {
                "\($0)".contains("the view report")
            }
            #expect(try desk.rebuilds().isEmpty)
        }
    }
}
