import Postgres
import TestKit
import Testing

@testable import Outbox

/// A key whose topic was refused flows again by itself once the topic is there; a row that Kafka never takes does not.
struct ParkedRetryTests {
    private let missing = OutboxKey(aggregateType: "order", aggregateID: "missing")
    private let poison = OutboxKey(aggregateType: "order", aggregateID: "poison")

    @Test func aKeyFlowsAgainInItsOrderWhenItsTopicIsThere() async throws {
        let outbox = try await TestOutbox()
        let gate = TopicGate(closedFor: [missing])
        try await withRelay(try relay(outbox, gate, retry: .milliseconds(50))) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<2 as Range<Int64> {
                    for key in ["missing", "poison", "good"] { try writer.insertRow(key, sequence) }
                }
                #expect(outbox.topic.wait { $0.count == 2 })
                try isTriedAgain(writer)
                #expect(outbox.topic.messages.map(\.key.aggregateID) == ["good", "good"])
                gate.open()
                try writer.insertRow("missing", 2)
                #expect(outbox.topic.wait { $0.count == 5 })
                try writer.insertRow("missing", 3)
                #expect(outbox.topic.wait { $0.count == 6 })
            }
        }
        #expect(outbox.topic.messages.filter { $0.key == missing }.map(\.sequence) == [0, 1, 2, 3])
        try await onThread {
            let connection = try outbox.connect()
            #expect(try ParkedDesk(connection).parked().map(\.key) == [poison])
            let rows = try connection.query(
                "SELECT reason FROM outbox_relay.decision WHERE action = 'release' AND aggregate_id = 'missing'")
            #expect(
                try (0..<rows.count).map { try rows.string($0, 0) } == ["tried again by the relay: Kafka takes it now"])
            let isForOperators = try connection.query("SELECT bool_and(retry_at IS NULL) FROM outbox_relay.parked")
            #expect(try isForOperators.bool(0, 0))
        }
    }

    @Test func switchedOffItWaitsForAnOperator() async throws {
        let outbox = try await TestOutbox()
        let gate = TopicGate(closedFor: [missing])
        try await withRelay(try relay(outbox, gate, retry: nil)) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRow("missing", 0)
                try writer.insertRow("good", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                gate.open()
                try writer.insertRow("good", 1)
                #expect(outbox.topic.wait { $0.count == 2 })
                #expect(try writer.query("SELECT retry_at IS NULL FROM outbox_relay.parked").bool(0, 0))
                #expect(try ParkedDesk(writer).release(missing, reason: "test"))
                #expect(outbox.topic.wait { $0.count == 3 })
            }
        }
    }

    /// Each cut holds rows of the key until one is met by its release: none of them may be left behind.
    @Test func rowsThatAreHeldWhileTheirKeyIsReleasedAreNotLost() async throws {
        let outbox = try await TestOutbox()
        let gate = TopicGate(closedFor: [missing])
        try await withRelay(try relay(outbox, gate, retry: .milliseconds(50))) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<400 as Range<Int64> {
                    try writer.insertRow("missing", sequence)
                    if sequence == 200 { gate.open() }
                }
                #expect(outbox.topic.wait { $0.count >= 400 })
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<400))
    }

    /// In transactions, too, an attempt that Kafka refuses delays no other key, however many keys wait for their
    /// topic.
    @Test func inTransactionsManyKeysWithoutTheirTopicHoldUpNoOther() async throws {
        var made = try await TestOutbox()
        let gate = TopicGate(
            closedFor: Set((0..<40).map { OutboxKey(aggregateType: "order", aggregateID: "missing-\($0)") }))
        made.guarantee = .exactlyOnce
        made.behaviour.closedTopics = gate
        let outbox = made
        let relay = try outbox.relay { configuration in
            configuration.parkedRetry = .milliseconds(20)
            configuration.pollCeiling = .milliseconds(20)
        }
        try await withRelay(relay) {
            try await onThread {
                let writer = try outbox.connect()
                for key in 0..<40 { try writer.insertRow("missing-\(key)", 0) }
                for sequence in 0..<40 as Range<Int64> {
                    try writer.insertRow("good", sequence)
                    #expect(outbox.topic.wait { $0.count == sequence + 1 })
                }
                gate.open()
                #expect(outbox.topic.wait { $0.count == 80 })
            }
        }
    }

    private func relay(_ outbox: TestOutbox, _ gate: TopicGate, retry: Duration?) throws -> Relay {
        var configuration = outbox.configuration
        configuration.parkedRetry = retry
        configuration.pollCeiling = .milliseconds(20)
        var behaviour = outbox.behaviour
        behaviour.tooLarge = [poison]
        let factory = GatedPublisherFactory(
            inner: MemoryPublisherFactory(topic: outbox.topic, behaviour: behaviour), gate: gate)
        return try Relay(configuration, factory: factory, logger: TestOutbox.quiet)
    }

    /// Blocks until a try has failed and the next is due later.
    private func isTriedAgain(_ connection: PostgresConnection) throws {
        let due = PostgresStatement("SELECT retry_at::text FROM outbox_relay.parked WHERE aggregate_id = 'missing'")
        var first: String?
        let isLater = try connection.looks {
            let rows = try connection.query(due)
            let found = rows.count > 0 ? rows.optionalString(0, 0) : nil
            defer { first = first ?? found }
            return first != nil && found != nil && first != found
        }
        guard isLater else { throw TestFailure("the key was not tried again") }
    }
}
