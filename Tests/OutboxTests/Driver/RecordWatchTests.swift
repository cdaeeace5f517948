import Postgres
import Synchronization
import TestKit
import Testing
import Values

@testable import Outbox

/// An older copy of the server's files, on the same timeline, and a Kafka that is slow to tell of it. The database
/// knows cut 7; Kafka's record names cut 9, and three rows are in Kafka alone.
struct RecordWatchTests {
    /// The relay leads meanwhile and publishes past the recorded cut: the cut with which it began decides.
    @Test func anAnswerThatComesWhileLeadingIsJudgedByTheCutAtTheBeginning() async throws {
        let (outbox, record) = try await olderCopy()
        let kafka = LateKafka(outbox.topic, record: record) { question throws(PublishFailure) in
            if question == 1 { throw LateKafka.silence }
            _ = outbox.topic.wait { $0.count >= 3 }
        } rows: { _ throws(PublishFailure) in
            Self.lost
        }
        let error = try await refusal(outbox, kafka)
        #expect(error?.code == .dataLoss)
        #expect(error?.message.contains(": 3 rows are in Kafka and not in this database") == true)
        #expect(error?.message.contains("t[2] offsets 40 to 42 (3)") == true)
        #expect(error?.message.contains("the newest cut of this database is 7") == true)
        #expect(kafka.record == record, "the record is the only evidence")
    }

    @Test func rowsThatAreToldLateAreAskedForAgain() async throws {
        let (outbox, record) = try await olderCopy()
        let kafka = LateKafka(outbox.topic, record: record) { question throws(PublishFailure) in
            if question > 1 { _ = outbox.topic.wait { $0.count >= 3 } }
        } rows: { question throws(PublishFailure) in
            if question == 1 { throw LateKafka.silence }
            return Self.lost
        }
        #expect(try await refusal(outbox, kafka)?.code == .dataLoss)
    }

    @Test func aRelayThatIsToGoOnRecordsTheLossAndLeadsAgain() async throws {
        let (outbox, record) = try await olderCopy()
        let kafka = LateKafka(outbox.topic, record: record) { question throws(PublishFailure) in
            if question == 1 { throw LateKafka.silence }
        } rows: { _ throws(PublishFailure) in
            Self.lost
        }
        try await withRelay(try relay(outbox, kafka) { $0.afterDataLoss = .goOn }) {
            try await onThread {
                let admin = try outbox.connect()
                try admin.waits(for: "EXISTS (SELECT FROM outbox_relay.decision)")
                try admin.insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
            }
        }
        try await onThread {
            let decided = try outbox.connect().query("SELECT reason FROM outbox_relay.decision")
            #expect(decided.count == 1)
            #expect(
                try decided.string(0, 0).hasPrefix("Kafka's record names cut 9; the newest cut of this database is 7"))
        }
        #expect(try #require(kafka.record).cut > Recovery.firstRebasedCut)
    }

    /// The usual end: Kafka was slow, and the record is not ahead. Or Kafka may be written to only.
    @Test(arguments: [PublishFailure.Kind.transient, .client])
    func aRecordThatIsNotAheadIsWrittenAgainAfterTheAnswer(_ kind: PublishFailure.Kind) async throws {
        let (outbox, record) = try await olderCopy(recordedCut: 7)
        let kafka = LateKafka(outbox.topic, record: record) { question throws(PublishFailure) in
            if question == 1 { throw PublishFailure(kind, "not now") }
        } rows: { _ throws(PublishFailure) in
            throw LateKafka.silence
        }
        try await withRelay(try relay(outbox, kafka)) {
            try await onThread {
                try outbox.connect().insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
            }
        }
        #expect(try #require(kafka.record).cut > 7)
    }

    /// A relay that ran for seconds, while Kafka was making the topic of the record, leaves a record as well: without
    /// it an older copy of the files is not noticed.
    @Test func aCleanStopWritesTheRecordWhateverKafkaAnsweredBefore() async throws {
        let (outbox, record) = try await olderCopy(recordedCut: 7)
        let isThere = AtomicFlag()
        let kafka = LateKafka(outbox.topic, record: record) { _ throws(PublishFailure) in
            if !isThere.isSet { throw LateKafka.silence }
        } rows: { _ throws(PublishFailure) in
            throw LateKafka.silence
        }
        try await withRelay(try relay(outbox, kafka) { $0.lease = .seconds(3_600) }) {
            try await onThread {
                try outbox.connect().insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                isThere.set()
            }
        }
        #expect(try #require(kafka.record).cut > 7)
    }

    /// Without the right to read its topics a relay at least once goes on, as it always did.
    @Test func topicsThatMayNotBeReadAreNoReasonToEnd() async throws {
        let (outbox, record) = try await olderCopy()
        let kafka = LateKafka(outbox.topic, record: record) { _ throws(PublishFailure) in
        } rows: { _ throws(PublishFailure) in
            throw PublishFailure(.client, "TOPIC_AUTHORIZATION_FAILED")
        }
        try await withRelay(try relay(outbox, kafka)) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<3 as Range<Int64> {
                    try writer.insertRow("a", sequence)
                    #expect(outbox.topic.wait { $0.count > sequence })
                }
            }
        }
    }

    /// The question outlives a leadership that ends before Kafka answers, unless another relay has led since.
    @Test func theNextEpochOfTheSameRelayAsksOn() async throws {
        let (outbox, _) = try await olderCopy()
        try await onThread {
            let server = try ServerIdentity.current(outbox.connect())
            let first = RecordQuestion(epoch: 3, server: server, known: 7, after: nil)
            #expect(RecordQuestion(epoch: 4, server: server, known: 12, after: first).known == 7)
            #expect(RecordQuestion(epoch: 5, server: server, known: 12, after: first).known == 12)
        }
    }

    // MARK: What the tests share

    private static let lost = PublishedRows(
        newestCut: 9,
        rows: (0..<3).map {
            PublishedRow(topic: "t", partition: 2, offset: 40 + $0, cut: 9, eventID: .v7(), time: 1_764_600_000_000)
        })

    private func olderCopy(recordedCut: Int64 = 9) async throws -> (TestOutbox, DeliveryRecord) {
        let outbox = try await TestOutbox()
        let server = try await onThread {
            let connection = try outbox.connect()
            try connection.execute("UPDATE outbox_relay.checkpoint_0 SET cut = 7")
            return try ServerIdentity.current(connection)
        }
        let origin = server.origin(schema: outbox.configuration.schema)
        return (outbox, DeliveryRecord(origin: origin, epoch: 1, cut: recordedCut, through: 1))
    }

    private func relay(
        _ outbox: TestOutbox, _ kafka: LateKafka, _ change: (inout RelayConfiguration) -> Void = { _ in }
    ) throws -> Relay {
        var configuration = outbox.configuration
        // The record is looked at every second.
        configuration.lease = .seconds(3)
        change(&configuration)
        return try Relay(configuration, factory: kafka, logger: TestOutbox.quiet)
    }

    /// How a relay ends that publishes three rows, each in a cut of its own. One that does not end is stopped.
    private func refusal(_ outbox: TestOutbox, _ kafka: LateKafka) async throws -> OutboxError? {
        let relay = try relay(outbox, kafka)
        let running = Task { try await relay.run() }
        try await onThread {
            let writer = try outbox.connect()
            for sequence in 0..<3 as Range<Int64> {
                try writer.insertRow("a", sequence)
                #expect(outbox.topic.wait { $0.count > sequence })
            }
            // It has lost its leadership, or Kafka's answers do not matter to it.
            _ = try writer.looks { kafka.asked >= 5 || relay.status.now.phase == .connecting }
            relay.stop()
        }
        return await #expect(throws: OutboxError.self) { try await running.value }
    }
}

private final class AtomicFlag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
