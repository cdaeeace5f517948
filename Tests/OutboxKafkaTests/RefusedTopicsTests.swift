import Kafka
import Outbox
import Postgres
import TestKit
import Testing

@testable import OutboxKafka

@Suite struct RefusedTopicsTests {
    private let missing = PublishFailure(.topic, "UNKNOWN_TOPIC_OR_PART")

    @Test func onlyTopicsThatKafkaRefusesAreRemembered() {
        let refused = RefusedTopics()
        #expect(refused.isEmpty)
        refused.learn(["good", "gone", "silent"]) { topic in
            if topic == "silent" { throw KafkaError(.timedOut, "no answer") }
            return topic == "gone" ? missing : nil
        }
        #expect(!refused.isEmpty)
        // A fresh answer is used: Kafka is not asked for every row.
        #expect(refused.refusal(of: "gone") { _ in throw KafkaError(.fail, "asked") } == missing)
        #expect(refused.refusal(of: "good") { _ in missing } == nil)
        #expect(refused.refusal(of: "silent") { _ in missing } == nil)
    }

    @Test func kafkaIsAskedAgainWhenTheAnswerIsOld() {
        let refused = RefusedTopics()
        refused.learn(["gone"]) { _ in missing }
        let later = ContinuousClock.now + RefusedTopics.recheck + .seconds(1)
        #expect(refused.refusal(of: "gone", now: later) { _ in throw KafkaError(.timedOut, "no answer") } == missing)
        #expect(refused.refusal(of: "gone", now: later) { _ in nil } == nil)
        #expect(refused.isEmpty)
    }

    /// The real publisher: the broker refuses the topic, or the times of its records, twice, for the batch and for the
    /// row that is sent alone, then no more.
    @Test(arguments: [KafkaErrorCode.topicAuthorizationFailed, .invalidTimestamp])
    func aTopicThatMayBeWrittenToAgainFlowsWithoutAnOperator(_ code: KafkaErrorCode) async throws {
        let mock = try KafkaMockCluster()
        let kafka = TestKafka(mock)
        let adopted = try await AdoptedTable(payload: "text", on: kafka) { publisher, _ in
            // Errors of the mock cluster are only sound with one request in flight.
            publisher.kafka["max.in.flight.requests.per.connection"] = "1"
            publisher.keepsRecord = false
        }
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, payload)
            SELECT gen_random_uuid(), 'invoice', '42', 'T', n::text FROM generate_series(1, 3) AS n
            """)
        mock.pushErrors(apiKey: 0, [code, code])
        let isReleased = "count(*) = 1 FROM outbox_relay.decision WHERE action = 'release'"
        let records = try await adopted.records(3, parkedRetry: .milliseconds(100), until: isReleased)
        #expect(records.compactMap { $0.value.map { String(decoding: $0, as: UTF8.self) } } == ["1", "2", "3"])
        #expect(try await adopted.parked().isEmpty)
    }
}
