import Kafka
import Postgres
import TestKit
import Testing

@testable import Operations

/// What operators decide about parked keys, done by a real relay.
@Suite struct ActionsTests {
    private static let key = ParkedFilter(aggregateType: "letter", aggregateId: "big")

    /// A row that is too large is mended; then all rows of its key are in Kafka, in order.
    @Test func anEditedRowIsPublishedAsEdited() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let desk = try outbox.desk()
            let receipt = try desk.edit(
                ids[0], payload: Array("mended".utf8), headers: ["tenantId": "eu"], reason: "too large")
            #expect(receipt.rows == 1 && receipt.caller == "ada")
            let shown = try #require(try desk.event(ids[0]))
            #expect(shown.isEdited && shown.payload.text == "mended" && shown.headers == ["tenantId": "eu"])
            let preview = try desk.previewRelease(Self.key)
            #expect(preview.rows == 3 && preview.events.map(\.outboxId) == ids)
            #expect(preview.events.first?.payload.text == "mended")
            _ = try desk.release(Self.key, reason: "mended")
        }
        try await outbox.withRelay { try $0.waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked)") }
        try await onThread {
            let records = try outbox.records("letter")
            #expect(records.map { String(decoding: $0.value ?? [], as: UTF8.self) } == ["mended", "behind", "behind"])
            #expect(records.first?.headerText("tenantId") == "eu")
            let decisions = try outbox.desk().decisions()
            #expect(decisions.map(\.action) == ["release", "edit", "park"])
            let details = try #require(decisions[1].details)
            #expect(details.contains("\"bWVuZGVk\"") && details.contains("\"before\"") && details.contains("tenantId"))
            #expect(decisions[1].caller == "ada" && decisions[1].reason == "too large")
            // The outbox keeps what was written.
            let stored = try outbox.connect().query(
                "SELECT max(octet_length(payload)) FROM outbox WHERE aggregate_id = 'big'")
            #expect(try stored.int32(0, 0) == Int32(2 * OperatedOutbox.largestMessage))
        }
    }

    @Test func skippingLetsTheRowsBehindGo() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big", rows: 4)
        try await onThread {
            let desk = try outbox.desk()
            let preview = try #require(try desk.previewSkip(ids[0]))
            #expect(preview.rows == 3 && preview.events.map(\.outboxId) == Array(ids.dropFirst()))
            #expect(preview.dropped == [ids[0]])
            #expect(try desk.event(ids[0])?.state == .held)
            #expect(try desk.skip([ids[0]], reason: "corrupt").rows == 1)
            #expect(try desk.event(ids[0])?.state == .skipped)
            #expect(try desk.previewRelease(Self.key).rows == 3)
            let receipt = try desk.release(Self.key, reason: "without it")
            #expect(receipt.keys == 1)
            #expect(try desk.progress(of: receipt).waiting == 1)
        }
        try await outbox.withRelay { try $0.waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked)") }
        let records = try await onThread { try outbox.records("letter") }
        #expect(records.count == 3)
    }

    /// The client may go as soon as it has asked: the relay does the rest.
    @Test func manyKeysAreReleasedByAFilter() async throws {
        let outbox = try await OperatedOutbox()
        for id in ["a", "b", "c"] { _ = try await outbox.park(id, rows: 2) }
        let receipt = try await onThread {
            let connection = try outbox.connect()
            let desk = try outbox.desk()
            try connection.execute(
                "UPDATE outbox_relay.parked SET error = 'of another kind' WHERE aggregate_id = 'c'")
            for id in try connection.ids(of: "a").prefix(1) + connection.ids(of: "b").prefix(1) {
                _ = try desk.edit(id, payload: [120], headers: nil, reason: "shorter")
            }
            var filter = ParkedFilter()
            filter.errorContains = "msg_size"
            #expect(try desk.parkedKeys(filter).keys.map(\.aggregateId) == ["a", "b"])
            #expect(try desk.previewRelease(filter).keys == 2)
            return try desk.release(filter, reason: "shorter")
        }
        #expect(receipt.keys == 2)
        try await outbox.withRelay { connection in
            try connection.waits(for: "(SELECT count(*) FROM outbox_relay.parked) = 1")
            let progress = try outbox.desk().progress(of: receipt)
            #expect(progress.isOver && progress.released == 2 && progress.refused == 0)
            #expect(try outbox.desk().parkedKeys().keys.map(\.aggregateId) == ["c"])
        }
    }

    @Test func aRefusalIsToldAsSuch() async throws {
        let outbox = try await OperatedOutbox()
        _ = try await outbox.park("big")
        let receipt = try await onThread { try outbox.desk().release(Self.key, reason: "let us see") }
        try await outbox.withRelay { connection in
            try connection.waits(for: "release_asked_at IS NULL FROM outbox_relay.parked")
            let progress = try outbox.desk().progress(of: receipt)
            #expect(progress.isOver && progress.refused == 1 && progress.released == 0)
        }
    }

    @Test func whatCannotBeDoneIsRefusedAndChangesNothing() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let desk = try outbox.desk()
            #expect(throws: OperatorError.self) { _ = try desk.skip([ids[0]], reason: " ") }
            #expect(throws: OperatorError.self) { _ = try desk.skip([ids[0], 999_999], reason: "x") }
            #expect(throws: OperatorError.self) { _ = try desk.edit(ids[0], payload: nil, headers: nil, reason: "x") }
            #expect(throws: OperatorError.self) { _ = try desk.edit(999_999, payload: [1], headers: nil, reason: "x") }
            #expect(try desk.event(ids[0])?.state == .held)
            _ = try desk.release(Self.key, reason: "x")
            // The relay may have read the rows already.
            #expect(throws: OperatorError.self) { _ = try desk.skip([ids[0]], reason: "x") }
            #expect(try desk.release(Self.key, reason: "again").keys == 0)
            #expect(try desk.decisions().map(\.action) == ["release", "park"])
        }
    }

    @Test func decisionsHavePages() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            try outbox.connect().execute(
                """
                INSERT INTO outbox_relay.decision (action, reason) SELECT 'rebase', 'r' || s
                FROM generate_series(1, 7) s
                """)
            let desk = try outbox.desk()
            let first = try desk.decisions(limit: 4)
            #expect(first.map(\.reason) == ["r7", "r6", "r5", "r4"])
            #expect(try desk.decisions(after: first.last?.decisionId, limit: 4).map(\.reason) == ["r3", "r2", "r1"])
        }
    }

    /// A page of decisions stays small, whatever was edited.
    @Test func longDetailsAreShownAlone() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let desk = try outbox.desk()
            let payload = [UInt8](repeating: 120, count: OperationsLimits.listedDetailBytes)
            _ = try desk.edit(ids[0], payload: payload, headers: nil, reason: "long")
            _ = try desk.edit(ids[1], payload: [121], headers: nil, reason: "short")
            let page = try desk.decisions()
            #expect(page.map(\.action) == ["edit", "edit", "park"])
            #expect(page.map { $0.details != nil } == [true, false, false])
            #expect(page.map(\.detailsLeftOut) == [nil, true, nil])
            let long = try #require(try desk.decisions(after: page[0].decisionId, limit: 1).first)
            #expect(long.decisionId == page[1].decisionId && long.detailsLeftOut == nil)
            #expect(try #require(long.details).utf8.count > payload.count)
            let hidden = try outbox.desk(hidesPayloads: true).decisions()
            #expect(hidden.allSatisfy { $0.details == nil && $0.detailsLeftOut == nil })
        }
    }
}
