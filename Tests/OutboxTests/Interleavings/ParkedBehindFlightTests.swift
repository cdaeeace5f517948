import Postgres
import Synchronization
import TestKit
import Testing

@testable import Outbox

/// Rows 0 and 1 of a key are offered. Row 1 is refused at once and parks the key, and then row 0 fails on its way. Held
/// in the order in which they were refused, they would be released in the wrong order.
struct ParkedBehindFlightTests {
    private let key = OutboxKey(aggregateType: "order", aggregateID: "a")

    @Test func aRowThatFailsInFlightIsHeldBeforeTheRowsThatFollowIt() async throws {
        var made = try await TestOutbox()
        made.behaviour.tooLarge = [key]
        made.behaviour.onlySequence = 1
        made.behaviour.transientFailureIn = 1
        let outbox = made
        try await publish(outbox, untilHeld: 2)
        let held = try await onThread { try ParkedDesk(outbox.connect()).held(key).map(\.sequenceNumber) }
        #expect(held == [0, 1])
    }

    /// Here the held rows are stored before the transaction that fails.
    @Test func aTransactionEndsBeforeTheRowThatParksAKeyOfIt() async throws {
        var made = try await TestOutbox(.exactlyOnce)
        made.behaviour.tooLarge = [key]
        made.behaviour.onlySequence = 1
        let fates = Fates()
        made.behaviour.commit = { fates.next() }
        let outbox = made
        try await publish(outbox, untilHeld: 1)
        let held = try await onThread { try ParkedDesk(outbox.connect()).held(key).map(\.sequenceNumber) }
        #expect(held == [1])
        #expect(outbox.topic.messages.map(\.sequence) == [0])
    }

    private func publish(_ outbox: TestOutbox, untilHeld count: Int) async throws {
        try await onThread {
            let writer = try outbox.connect()
            try writer.execute("BEGIN")
            for sequence in 0..<2 as Range<Int64> { try writer.insertRow("a", sequence) }
            try writer.execute("COMMIT")
        }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                try outbox.connect().waits(
                    for: "(SELECT count(*) FROM outbox_relay.held) = \(count) AND (SELECT draining IS NULL FROM "
                        + "outbox_relay.checkpoint)")
            }
        }
    }
}

/// The first commit fails, the others succeed.
private final class Fates: Sendable {
    private let commits = Atomic(0)

    func next() -> MemoryPublisher.Behaviour.CommitFate {
        commits.wrappingAdd(1, ordering: .relaxed).oldValue == 0 ? .failsBefore : .goesWell
    }
}
