import Kafka
import Postgres
import TestKit
import Testing

@testable import Operations

/// A paused relay leads and publishes nothing.
@Suite struct PauseTests {
    private static let inEffect = """
        EXISTS (SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'outbox-relay work, paused in epoch %')
        """

    @Test func nothingIsPublishedUntilItIsResumed() async throws {
        let outbox = try await OperatedOutbox()
        try await outbox.withRelay { connection in
            try connection.append("order", "a", 0)
            try connection.waitsUntilDrained()
            let desk = try outbox.desk()
            let before = try desk.status().relay
            _ = try desk.pause(reason: "consumers are moved")
            #expect(throws: OperatorError.self) { _ = try desk.pause(reason: "twice") }
            try connection.waits(for: Self.inEffect)
            let cut = try desk.status().relay.cut
            for sequence in 1..<4 { try connection.append("order", "a", Int64(sequence)) }
            let status = try desk.status()
            let pause = try #require(status.relay.pause)
            #expect(pause.isInEffect && pause.caller == "ada" && pause.reason == "consumers are moved")
            #expect(status.blockers.first?.kind == .paused)
            #expect(status.relay.leaseIsValid && status.relay.epoch == before.epoch)
            // A renewal later it still leads and has taken no cut.
            try connection.waits(
                for: "lease_until > timestamptz '\(try #require(status.relay.leaseUntil))' FROM relay_state")
            let later = try desk.status()
            #expect(later.relay.cut == cut && later.backlog?.rows == 3)
            _ = try desk.resume(reason: "done")
            try connection.waitsUntilDrained()
            #expect(try desk.status().relay.pause == nil)
            #expect(throws: OperatorError.self) { _ = try desk.resume(reason: "twice") }
            #expect(try desk.decisions().map(\.action) == ["resume", "pause"])
        }
        let records = try await onThread { try outbox.records("order") }
        #expect(records.compactMap { $0.headerText("ce_sequence") } == ["0", "1", "2", "3"])
    }

    /// The relay that takes over is paused from its first moment; and a paused relay stops at once.
    @Test func anotherRelayIsPausedAsWell() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            _ = try outbox.desk().pause(reason: "before any relay")
            try outbox.connect().append("order", "a", 0)
        }
        for _ in 0..<2 {
            try await outbox.withRelay { connection in
                try connection.waits(for: Self.inEffect)
                #expect(try outbox.desk().status().backlog?.rows == 1)
            }
        }
        try await onThread { _ = try outbox.desk().resume(reason: "go on") }
        try await outbox.withRelay { try $0.waitsUntilDrained() }
        let records = try await onThread { try outbox.records("order") }
        #expect(records.count == 1)
    }

    @Test func aReleaseWaitsAsWell() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let desk = try outbox.desk()
            _ = try desk.skip([ids[0]], reason: "x")
            _ = try desk.pause(reason: "not now")
            _ = try desk.release(ParkedFilter(), reason: "x")
        }
        try await outbox.withRelay { connection in
            try connection.waits(for: Self.inEffect)
            #expect(try outbox.desk().parkedKeys().keys.count == 1)
            _ = try outbox.desk().resume(reason: "now")
            try connection.waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked)")
        }
        let records = try await onThread { try outbox.records("letter") }
        #expect(records.count == 2)
    }
}
