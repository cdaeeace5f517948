import Kafka
import TestKit
import Testing

@testable import OutboxKafka

@Suite struct KafkaPreflightTests {
    @Test func listsTheTopicsThatRowsCouldGoTo() async throws {
        let (topic, findings) = try await onThread {
            let kafka = try TestKafka()
            let topic = try kafka.topic("outbox.event.order", partitions: 4)
            _ = try kafka.topic("somebody.else", partitions: 1)
            var configuration = KafkaPublisherConfiguration(kafka: kafka.configuration)
            configuration.topic = try #require(TopicTemplate(kafka.name("outbox.event.") + "{aggregate_type}"))
            return (topic, try KafkaPreflight(configuration).inspectTopics())
        }
        #expect(findings.topics.map(\.name) == [topic])
        #expect(findings.topics.map(\.partitions) == [4])
        // The mock cluster has no admin API that would tell.
        #expect(TestKafka.isExternal || findings.topics.map(\.maximumBytes) == [nil])
        #expect(findings.warnings.isEmpty)
    }

    @Test func saysWhatWillGoWrong() {
        let none = KafkaPreflight.judge([], template: .default, ownLimit: nil)
        #expect(none.warnings.first?.contains("no topic matches outbox.event.{aggregate_type}") == true)
        let small = KafkaPreflight.judge(
            [.init(name: "t", partitions: 1, settings: TopicSettings(["max.message.bytes": "1000"]))],
            template: .default, ownLimit: 2000)
        #expect(small.warnings.first?.contains("set it to 1000") == true)
        let fine = KafkaPreflight.judge(
            [.init(name: "t", partitions: 1, settings: TopicSettings(["max.message.bytes": "1048588"]))],
            template: .default, ownLimit: nil)
        #expect(fine.warnings.isEmpty)
    }

    @Test(arguments: [
        ("compact", "604800000", nil), ("compact", "-1", nil), ("delete", "-1", "is not compacted"),
        ("delete", "604800000", "forgets its records (cleanup.policy=delete, retention.ms=604800000)"),
        ("compact, delete", "60000", "forgets its records (cleanup.policy=compact,delete, retention.ms=60000)"),
        ("compact,delete", "-1", nil),
    ])
    func recordsThatKafkaForgetsAreAnErrorAndThoseItPilesUpAWarning(
        policy: String, retention: String, complaint: String?
    ) {
        var findings = KafkaPreflight.Findings()
        KafkaPreflight.judge(
            checkpoints: "records", ["cleanup.policy": policy, "retention.ms": retention, "retention.bytes": "-1"],
            &findings)
        let isError = complaint?.hasPrefix("forgets") == true
        #expect(
            (isError ? findings.errors : findings.warnings).allSatisfy {
                $0.hasPrefix("topic records \(complaint ?? "")")
            })
        #expect(findings.errors.count == (isError ? 1 : 0))
        #expect(findings.warnings.count == (complaint != nil && !isError ? 1 : 0))
    }

    /// The mock cluster has no admin API: it does not tell, and nothing is said.
    @Test func theCheckpointTopicsSettingsAreAskedFor() async throws {
        let findings = try await onThread {
            let kafka = try TestKafka()
            var configuration = KafkaPublisherConfiguration(kafka: kafka.configuration)
            configuration.checkpointTopic = kafka.name("records")
            _ = try kafka.topic(
                "records", partitions: 1, settings: ["cleanup.policy": "delete", "retention.ms": "3600000"])
            return try KafkaPreflight(configuration, keepsRecords: true).inspectTopics()
        }
        #expect(findings.errors.count == (TestKafka.isExternal ? 1 : 0))
    }

    @Test(arguments: [
        ("outbox.event.order", true), ("outbox.event.", false), ("my.outbox.event.order", false), ("outbox", false),
    ])
    func aTemplateKnowsItsTopics(name: String, isKnown: Bool) {
        #expect(TopicTemplate.default.matches(name) == isKnown)
        #expect(TopicTemplate("fixed")?.matches("fixed") == true)
        #expect(TopicTemplate("fixed")?.matches("fixed2") == false)
        #expect(TopicTemplate("{aggregate_type}-v1")?.matches("order-v1") == true)
    }
}
