import Postgres
import TestKit
import Testing

@testable import Outbox

/// Kafka refuses one of the rows that are released together: it is found, what stands before it has arrived, the rest
/// waits.
struct ReleaserRefusalTests {
    private static let culprit: Int64 = 137
    private static let rows = 400
    private let key = OutboxKey(aggregateType: "order", aggregateID: "big")

    @Test(arguments: [DeliveryGuarantee.atLeastOnce, .exactlyOnce], [true, false])
    func theRefusedRowIsFound(_ guarantee: DeliveryGuarantee, _ isRefusedAtOnce: Bool) async throws {
        let outbox = try await TestOutbox(guarantee)
        try await outbox.park("big", rows: Self.rows)
        try await outbox.release("big")
        var refusing = outbox
        refusing.behaviour.onlySequence = Self.culprit
        if isRefusedAtOnce { refusing.behaviour.tooLarge = [key] } else { refusing.behaviour.poison = [key] }
        try await withRelay(try refusing.relay()) { try await isRefused(outbox) }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                let desk = ParkedDesk(try outbox.connect())
                let first = try #require(try desk.held(key).first)
                #expect(try desk.skip(first.outboxID, reason: "cannot be repaired") == key)
                #expect(try desk.release(key, reason: "the rest"))
                #expect(outbox.topic.wait { $0.last?.sequence == Int64(Self.rows) })
            }
        }
        var seen: Set<Int64> = []
        let sequences = outbox.topic.messages.filter { $0.key == key }.map(\.sequence)
        let firsts = sequences.filter { seen.insert($0).inserted }
        #expect(firsts == (0...Int64(Self.rows)).filter { $0 != Self.culprit })
        #expect(sequences.count == Self.rows, "what was acknowledged is repeated")
    }

    private func isRefused(_ outbox: TestOutbox) async throws {
        try await onThread {
            let writer = try outbox.connect()
            try writer.waits(for: "release_asked_at IS NULL FROM outbox_relay.parked")
            // The others flow, and the key's own rows wait.
            try writer.insertRow("big", Int64(Self.rows))
            try writer.insertRow("good", 0)
            #expect(outbox.topic.wait { $0.contains { $0.key.aggregateID == "good" } })
            try writer.waits(for: "(SELECT count(*) FROM outbox_relay.held) = \(Self.rows + 1 - Int(Self.culprit))")
            let parked = try #require(try ParkedDesk(writer).parked().first)
            #expect(
                parked.error.contains("MSG_SIZE_TOO_LARGE") || parked.error.contains("INVALID_RECORD"),
                "\(parked.error)")
            #expect(try ParkedDesk(writer).held(key).first?.sequenceNumber == Self.culprit)
        }
    }

    /// Each transaction that is undone is followed by a cut, before the next is tried.
    @Test func othersFlowWhileTheRefusedRowIsSearchedFor() async throws {
        let outbox = try await TestOutbox(.exactlyOnce)
        try await outbox.park("big", rows: Self.rows)
        try await outbox.release("big")
        let (writer, isWritten) = (outbox, Flag())
        var refusing = outbox
        refusing.behaviour.onlySequence = Self.culprit
        refusing.behaviour.poison = [key]
        refusing.behaviour.onPublish = { message in
            guard message.sequence == 0, message.key.aggregateID == "big", !isWritten.isSet else { return }
            isWritten.set()
            do { try writer.connect().insertRow("good", 0) } catch { Issue.record(error) }
        }
        try await withRelay(try refusing.relay()) {
            try await onThread { try outbox.connect().waits(for: "release_asked_at IS NULL FROM outbox_relay.parked") }
        }
        #expect(outbox.topic.messages.first?.key.aggregateID == "good")
        #expect(outbox.topic.messages.dropFirst().map(\.sequence) == Array(0..<Self.culprit))
    }

    /// Deliveries fail now and then, and succeed later: rows that were acknowledged are not sent again.
    @Test(arguments: [DeliveryGuarantee.atLeastOnce, .exactlyOnce])
    func failuresThatPassLoseNothing(_ guarantee: DeliveryGuarantee) async throws {
        var made = try await TestOutbox(guarantee)
        try await made.park("big", rows: 1_500)
        try await made.release("big")
        made.behaviour.transientFailureIn = guarantee == .exactlyOnce ? 200 : 20
        let outbox = made
        try await withRelay(try outbox.relay { $0.pollCeiling = .milliseconds(20) }) {
            try await onThread {
                try outbox.connect().waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked)")
                try outbox.connect().insertRow("big", 1_500)
                #expect(outbox.topic.wait { $0.last?.sequence == 1_500 })
            }
        }
        let report = try await onThread { try TopicChecker(outbox.topic.messages, outbox.connect()) }
        #expect(report.isCorrect && report.repeated == 0, "\(report)")
    }
}
