import Postgres
import TestKit
import Testing

@testable import Outbox

/// Named steps of a relay whose cut holds a row that Postgres does not know as held yet, and of an operator who
/// releases its key just then.
struct UnstoredHeldRowsTests {
    private let key = OutboxKey(aggregateType: "order", aggregateID: "a")

    /// If the key were forgotten with the rows that are stored, the last one would be left behind for ever, and be
    /// passed by the next.
    @Test func aReleaseTakesTheRowsOfTheLastCutWithIt() async throws {
        let outbox = try await TestOutbox()
        try await onThread { try run(outbox) }
        #expect(outbox.topic.messages.map(\.sequence) == [0, 1, 2])
        try await onThread {
            let left = try outbox.connect().query(
                "SELECT (SELECT count(*) FROM outbox_relay.held), (SELECT count(*) FROM outbox_relay.parked)")
            #expect(try left.int64(0, 0) == 0)
            #expect(try left.int64(0, 1) == 0)
        }
    }

    private struct Drained: Error {}

    private func run(_ outbox: TestOutbox) throws {
        let gate = TopicGate(closedFor: [key])
        let writer = try outbox.connect()
        let signals = try RelaySignals()
        let lead = try LeadConnection(outbox.configuration)
        #expect(try lead.tryToLead())
        signals.lead = .leading(epoch: lead.epoch, until: .now + .seconds(3600))
        let session = try RelaySession(
            outbox.configuration, signals: signals, epoch: lead.epoch,
            factory: GatedPublisherFactory(inner: MemoryPublisherFactory(topic: outbox.topic), gate: gate),
            status: RelayStatus(observer: nil), logger: TestOutbox.quiet)
        var cuts = 0
        var isAsked = false
        session.fault = { action, isDone in
            if case .listen = action, cuts > 4 { throw Drained() }
            // A cut begins with the release before it, if a key is parked.
            guard !isDone, action == .release(.ask) || action == .advance && !isAsked else {
                if action == .advance { isAsked = false }
                return
            }
            isAsked = action == .release(.ask)
            cuts += 1
            switch cuts {
            case 1:
                // The first cut parks the key and holds row 0.
                try writer.insertRow("a", 0)
            case 2:
                // The second cut, which stores both, holds row 1.
                try writer.insertRow("a", 1)
            case 3:
                #expect(try writer.query("SELECT count(*) FROM outbox_relay.held").int64(0, 0) == 1)
                gate.open()
                #expect(try ParkedDesk(writer).release(key, reason: "the topic is there"))
            case 4:
                try writer.insertRow("a", 2)
            default: break
            }
        }
        #expect(throws: Drained.self) { try session.run() }
        #expect(cuts > 4)
    }
}
