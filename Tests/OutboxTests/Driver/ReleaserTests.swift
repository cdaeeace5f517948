import Postgres
import Synchronization
import TestKit
import Testing
import Threads

@testable import Outbox

/// A key with many held rows is released: fast, in order, and without holding up other keys.
struct ReleaserTests {
    private static let both: [DeliveryGuarantee] = [.atLeastOnce, .exactlyOnce]

    @Test func theRowsOfAChunkAreInFlightTogether() async throws {
        let outbox = try await TestOutbox()
        try await outbox.park("big", rows: 300)
        try await outbox.release("big")
        let gauge = Gauge()
        let factory = GaugedPublisherFactory(inner: MemoryPublisherFactory(topic: outbox.topic), gauge: gauge)
        try await withRelay(try Relay(outbox.configuration, factory: factory, logger: TestOutbox.quiet)) {
            try await onThread { #expect(outbox.topic.wait { $0.count == 300 }) }
        }
        #expect(gauge.peak >= 50, "\(gauge.peak) rows were in flight at most")
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<300))
    }

    /// A row of another key is written when the first held one is on its way. More rows are held than any machine
    /// publishes in the time after which a release gives way.
    @Test(arguments: both) func othersFlowMeanwhile(_ guarantee: DeliveryGuarantee) async throws {
        let held = guarantee == .exactlyOnce ? 4_000 : 10_000
        let outbox = try await TestOutbox(guarantee)
        try await outbox.park("big", rows: held)
        try await outbox.release("big")
        let writer = Writer(outbox)
        var others = outbox
        others.behaviour.onPublish = { message in
            if message.key.aggregateID == "big" { writer.once { try $0.insertRow("good", 0) } }
        }
        // Nothing else wakes the relay: the remaining rows are released at once, and not at the poll ceiling.
        try await withRelay(try others.relay { $0.pollCeiling = .seconds(3600) }) {
            try await onThread { #expect(outbox.topic.wait { $0.count == held + 1 }) }
        }
        let messages = outbox.topic.messages
        let before = messages.prefix { $0.key.aggregateID != "good" }.count
        #expect(before < held / 2, "\(before) of \(held) held rows went before")
        #expect(messages.filter { $0.key.aggregateID == "big" }.map(\.sequence) == Array(0..<Int64(held)))
    }

    @Test(arguments: both) func severalKeysTakeTurns(_ guarantee: DeliveryGuarantee) async throws {
        let outbox = try await TestOutbox(guarantee)
        let rows = 4 * OutboxLimits.heldRowsPerRead
        for aggregate in ["one", "two"] { try await outbox.park(aggregate, rows: rows) }
        for aggregate in ["one", "two"] { try await outbox.release(aggregate) }
        try await withRelay(try outbox.relay()) {
            try await onThread { #expect(outbox.topic.wait { $0.count == 2 * rows }) }
        }
        let keys = outbox.topic.messages.map(\.key.aggregateID)
        let last = try #require(keys.last)
        // When the first of them was through the other one had a chunk left.
        #expect(keys.reversed().prefix { $0 == last }.count <= OutboxLimits.heldRowsPerRead)
    }

    /// The key is parked until its last held row is published; rows that are written meanwhile follow it.
    @Test(arguments: both) func rowsThatComeMeanwhileKeepTheirPlace(_ guarantee: DeliveryGuarantee) async throws {
        let outbox = try await TestOutbox(guarantee)
        try await outbox.park("big", rows: 1_500)
        try await outbox.release("big")
        let writer = Writer(outbox)
        var busy = outbox
        busy.behaviour.onPublish = { message in
            guard message.key.aggregateID == "big", message.sequence % 500 == 499 else { return }
            writer.do { try $0.insertRow("big", 1_500 + message.sequence / 500) }
        }
        try await withRelay(try busy.relay()) {
            try await onThread { #expect(outbox.topic.wait { $0.count >= 1_503 }) }
        }
        #expect(outbox.topic.messages.map(\.sequence).prefix(1_503) == Array(0..<1_503)[...])
    }

    /// SIGTERM in the middle: nothing is lost, and nothing is published twice by the next one.
    @Test(arguments: both) func aReleaseThatIsStoppedGoesOnWithTheNextRelay(_ guarantee: DeliveryGuarantee) async throws
    {
        let outbox = try await TestOutbox(guarantee)
        try await outbox.park("big", rows: 2_000)
        try await outbox.release("big")
        let signals = Stopper()
        var stopping = outbox
        stopping.behaviour.onPublish = { message in if message.sequence == 700 { signals.stop() } }
        let relay = try stopping.relay()
        signals.relay.withLock { $0 = relay }
        try await relay.run()
        #expect(outbox.topic.messages.count < 2_000)
        try await withRelay(try outbox.relay()) {
            try await onThread { #expect(outbox.topic.wait { $0.count >= 2_000 }) }
        }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<2_000))
    }

    /// The rows are older than the retention, which is looked at between two chunks.
    @Test func retentionTakesNoRowThatIsStillHeld() async throws {
        let outbox = try await TestOutbox()
        try await outbox.park("big", rows: 6_000)
        try await onThread { try outbox.connect().execute("SELECT pg_sleep(0.3)") }
        try await outbox.release("big")
        let relay = try outbox.relay { configuration in
            configuration.retention = .milliseconds(200)
            configuration.pollCeiling = .milliseconds(20)
        }
        try await withRelay(relay) {
            try await onThread {
                #expect(outbox.topic.wait { $0.count == 6_000 })
                try outbox.connect().waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked)")
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<6_000))
    }

    @Test func aChunkIsBoundedInBytes() async throws {
        let outbox = try await TestOutbox()
        try await outbox.park("big", rows: 4)
        try await onThread {
            let connection = try outbox.connect()
            let size = OutboxLimits.bytesPerChunk / 2 + 1
            try connection.execute(
                "UPDATE outbox SET payload = convert_to(repeat('x', \(size)), 'UTF8') WHERE sequence_number > 0")
            let held = HeldRows(connection, schema: "outbox_relay")
            let key = OutboxKey(aggregateType: "order", aggregateID: "big")
            let chunk = try held.next(of: key, after: 0, atMost: 10)
            #expect(chunk.count == 3)
            #expect(!chunk.isLast)
            let rest = try held.next(of: key, after: chunk.holdID(2), atMost: 10)
            #expect(rest.count == 1)
            #expect(rest.isLast)
        }
    }

    /// A release that Kafka keeps waiting is no reason to take the lead away from it, or to restart it.
    @Test func aReleaseThatWaitsForKafkaGivesSignsOfLife() async throws {
        let outbox = try await TestOutbox()
        try await outbox.park("big", rows: 1)
        try await outbox.release("big")
        let signals = try RelaySignals()
        try await onThread {
            let lead = try LeadConnection(outbox.configuration)
            #expect(try lead.tryToLead())
            signals.lead = .leading(epoch: lead.epoch, until: .now + .seconds(3600))
            let publisher = StaringPublisher(signals)
            let session = try RelaySession(
                outbox.configuration, signals: signals, epoch: lead.epoch, factory: publisher,
                status: RelayStatus(observer: nil), logger: TestOutbox.quiet)
            #expect(throws: OutboxError.self) { try session.run() }
            #expect(publisher.hasSeenLife)
        }
    }
}

/// Reports nothing, and looks whether the relay that waits for it gives signs of life; then another one leads.
private final class StaringPublisher: Publisher, PublisherFactory, @unchecked Sendable {
    private let signals: RelaySignals
    /// All of it is used on the relay's working thread only.
    private var looks = 0
    private(set) var hasSeenLife = false

    init(_ signals: RelaySignals) { self.signals = signals }

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher { self }
    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome { .queued }
    func abandon() {}

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        looks += 1
        if looks == 1 { signals.heartbeat = .now - .seconds(OutboxLimits.hangSeconds) }
        if looks == 2 {
            hasSeenLife = signals.heartbeat > .now - .seconds(OutboxLimits.hangSeconds / 2)
            signals.lead = .standby
        }
        signals.workWake.wake()
    }
}

/// Writes from within a publisher, over a connection of its own.
private final class Writer: @unchecked Sendable {
    private let outbox: TestOutbox
    /// Used on the relay's working thread only.
    private var connection: PostgresConnection?
    private var isDone = false

    init(_ outbox: TestOutbox) { self.outbox = outbox }

    func `do`(_ body: (PostgresConnection) throws -> Void) {
        do {
            let connection = try self.connection ?? outbox.connect()
            self.connection = connection
            try body(connection)
        } catch {
            Issue.record(error)
        }
    }

    /// The first time only.
    func once(_ body: (PostgresConnection) throws -> Void) {
        guard !isDone else { return }
        isDone = true
        self.do(body)
    }
}

/// Stops a relay that is made later.
private final class Stopper: Sendable {
    let relay = Mutex<Relay?>(nil)
    func stop() { relay.withLock { $0?.stop() } }
}
