import Postgres
import TestKit
import Testing

@testable import Outbox

/// Named steps of a leader that is stopped, of the one that takes over, and of the first when it goes on.
struct StoppedLeaderTests {
    private let key = OutboxKey(aggregateType: "order", aggregateID: "a")

    /// Behind a pooler, where the new leader cannot end the old one's sessions: only the epoch keeps it from unparking
    /// what the new leader has parked, whose rows would then wait for ever.
    @Test func goingOnItLeavesAloneWhatTheNewLeaderHasParked() async throws {
        var made = try await TestOutbox()
        made.pollInterval = .milliseconds(2)
        let outbox = made
        let gate = TopicGate(closedFor: [key])
        let halt = Halt()

        // 1. The topic is closed: row 0 is held.
        try await withRelay(try relay(outbox, gate)) {
            try await onThread { try outbox.connect().insertRow("a", 0) }
            try await holds(outbox, [0])
        }
        // 2. The key's release is asked for. A leader publishes row 0 and is stopped before it forgets it.
        try await release(outbox)
        let signals = try RelaySignals()
        let stopped = Task { try await onThread { try lead(outbox, signals, halt) } }
        try await onThread { halt.waitUntilReached() }
        // 3. Another one leads. The topic is closed for it: the key stays parked, and row 1 is held as well.
        try await onThread { try outbox.connect().execute("SELECT setval('outbox_relay.lease', 0)") }
        try await withRelay(try relay(outbox, gate)) {
            try await wait(outbox, for: "bool_and(release_asked_at IS NULL) FROM outbox_relay.parked")
            try await onThread { try outbox.connect().insertRow("a", 1) }
            try await holds(outbox, [0, 1])
            // 4. The first one goes on, to the end of what it was doing.
            signals.stop()
            halt.goOn()
            let error = await #expect(throws: OutboxError.self) { try await stopped.value }
            #expect(error?.code == .fenced)
            try await holds(outbox, [0, 1])
            // 5. The topic is there again.
            gate.open()
            try await release(outbox)
            try await onThread {
                try outbox.connect().insertRow("a", 2)
                #expect(outbox.topic.wait { $0.last?.sequence == 2 })
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == [0, 0, 1, 2])
    }

    private func relay(_ outbox: TestOutbox, _ gate: TopicGate) throws -> Relay {
        let factory = GatedPublisherFactory(inner: MemoryPublisherFactory(topic: outbox.topic), gate: gate)
        return try Relay(outbox.configuration, factory: factory, logger: TestOutbox.quiet)
    }

    /// Leads on this thread, for which the topic is open, until another relay does. Its lease does not end.
    private func lead(_ outbox: TestOutbox, _ signals: RelaySignals, _ halt: Halt) throws {
        let lead = try LeadConnection(outbox.configuration)
        #expect(try lead.tryToLead())
        signals.lead = .leading(epoch: lead.epoch, until: .now + .seconds(3600))
        let factory = HaltingPublisherFactory(inner: MemoryPublisherFactory(topic: outbox.topic), halt: halt)
        try RelaySession(
            outbox.configuration, signals: signals, epoch: lead.epoch, factory: factory,
            status: RelayStatus(observer: nil), logger: TestOutbox.quiet
        ).run()
    }

    private func release(_ outbox: TestOutbox) async throws {
        let key = key
        let isAsked = try await onThread { try ParkedDesk(outbox.connect()).release(key, reason: "test") }
        #expect(isAsked)
    }

    /// Waits until just these rows are held, of a key that is parked.
    private func holds(_ outbox: TestOutbox, _ sequences: [Int64]) async throws {
        let list = sequences.map { String($0) }.joined(separator: ",")
        try await wait(
            outbox,
            for: """
                array_agg(o.sequence_number ORDER BY h.hold_id) = '{\(list)}'
                FROM outbox_relay.parked JOIN outbox_relay.held AS h USING (aggregate_id) JOIN outbox AS o ON
                    o.outbox_id = h.outbox_id
                """)
    }

    private func wait(_ outbox: TestOutbox, for condition: String) async throws {
        try await onThread {
            let connection = try outbox.connect()
            let statement = PostgresStatement("SELECT coalesce((SELECT \(condition)), false), pg_sleep(0.01)")
            for _ in 0..<2000 where try connection.query(statement).bool(0, 0) { return }
            throw TestFailure("it did not come to: \(condition)")
        }
    }
}
