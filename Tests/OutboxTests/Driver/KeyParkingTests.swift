import Postgres
import TestKit
import Testing
import Values

@testable import Outbox

/// A row Kafka will never take: its key waits, the others flow, an operator decides.
struct KeyParkingTests {
    private let poison = OutboxKey(aggregateType: "order", aggregateID: "poison")

    @Test func aRowRefusedAtOnceParksItsKeyAndNoOther() async throws {
        var outbox = try await TestOutbox()
        outbox.behaviour.tooLarge = [poison]
        try await parks(outbox)
    }

    @Test func aRowThatTheBrokerRefusesWithItsNeighboursIsFoundAndParked() async throws {
        var outbox = try await TestOutbox()
        outbox.behaviour.poison = [poison]
        outbox.behaviour.partitions = 1
        try await parks(outbox)
    }

    /// No index takes a key of ten thousand random bytes; the beginning and a hash stand for it.
    @Test func aKeyOfAnyLengthIsParkedAndReleased() async throws {
        let outbox = try await TestOutbox()
        let endless = (0..<300).map {
            "\($0)".utf8.reduce(UInt64(7)) { ($0 &* 6_364_136_223_846_793_005) ^ UInt64($1) }
        }
        .map { String($0, radix: 36) }.joined()
        let ids = [endless + "1", endless + "2"]
        let keys = ids.map(Self.key)
        #expect(Set(keys).count == 2)
        var parking = outbox
        parking.behaviour.tooLarge = [keys[0]]
        try await withRelay(try parking.relay()) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<3 as Range<Int64> { for id in ids { try writer.insertRow(id, sequence) } }
                #expect(outbox.topic.wait { $0.count == 3 })
                #expect(outbox.topic.messages.allSatisfy { $0.key == keys[1] })
                try writer.waits(for: "(SELECT count(*) FROM outbox_relay.held) = 3")
            }
        }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                let desk = try ParkedDesk(outbox.connect())
                #expect(try desk.parked().map(\.key) == [keys[0]])
                #expect(try desk.release(keys[0], reason: "test"))
                #expect(outbox.topic.wait { $0.count == 6 })
                #expect(outbox.topic.messages.suffix(3).map(\.sequence) == [0, 1, 2])
            }
        }
    }

    /// The key of a row with this aggregate id.
    private static func key(_ id: String) -> OutboxKey {
        var id = id
        return id.withUTF8 { id in
            "order".utf8CString.withUnsafeBytes { type in
                let none = UnsafeRawBufferPointer(start: nil, count: 0)
                return OutboxRow(
                    outboxID: 0, eventID: UUIDBytes.v7(),
                    aggregateType: UnsafeRawBufferPointer(rebasing: type.dropLast()),
                    aggregateID: UnsafeRawBufferPointer(id), sequenceNumber: 0, eventType: none, payload: nil,
                    headers: none, createdAt: 0,
                    epoch: 0
                ).key
            }
        }
    }

    private func parks(_ outbox: TestOutbox) async throws {
        try await onThread {
            let writer = try outbox.connect()
            try writer.execute("BEGIN")
            for sequence in 0..<20 as Range<Int64> {
                try writer.insertRow("good", sequence)
                if sequence < 3 { try writer.insertRow("poison", sequence) }
            }
            try writer.execute("COMMIT")
        }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                try expectTopic(outbox.topic, (0..<20).map { "good/\($0)" })
                // Rows that come later wait behind those that are parked.
                try outbox.connect().insertRow("poison", 3)
                try outbox.connect().insertRow("good", 20)
                try expectTopic(outbox.topic, (0...20).map { "good/\($0)" })
            }
        }
        try await onThread {
            let parked = try ParkedDesk(outbox.connect()).parked()
            #expect(parked.map(\.key) == [poison])
            #expect(parked.first?.heldRows == 4)
            let held = try ParkedDesk(outbox.connect()).held(poison)
            #expect(held.map(\.sequenceNumber) == [0, 1, 2, 3])
        }
        try await isReleased(outbox)
    }

    /// The operator drops the first row and releases the rest; the cause is gone meanwhile.
    private func isReleased(_ outbox: TestOutbox) async throws {
        var cured = outbox
        cured.behaviour = .init()
        let healthy = cured
        let topicBefore = outbox.topic.messages.count
        try await withRelay(try healthy.relay()) {
            try await onThread {
                let desk = ParkedDesk(try outbox.connect())
                let first = try #require(try desk.held(poison).first)
                #expect(try desk.skip(first.outboxID, reason: "cannot be repaired") == poison)
                #expect(try desk.release(poison, reason: "limit was raised"))
                #expect(outbox.topic.wait { $0.count >= topicBefore + 3 })
                try outbox.connect().insertRow("poison", 4)
                #expect(outbox.topic.wait { $0.count >= topicBefore + 4 })
            }
        }
        let released = outbox.topic.messages.dropFirst(topicBefore)
        #expect(released.map(\.sequence) == [1, 2, 3, 4])
        try await onThread {
            let connection = try outbox.connect()
            #expect(try ParkedDesk(connection).parked().isEmpty)
            let actions = try connection.query("SELECT action, reason FROM outbox_relay.decision ORDER BY decided_at")
            let names = try (0..<actions.count).map { try actions.string($0, 0) }
            #expect(names == ["park", "skip", "release"])
            #expect(try actions.string(1, 1) == "cannot be repaired")
        }
    }
}
