import Kafka
import TestKit
import Testing

@testable import Messaging

@Suite struct KafkaPreflightTests {
    @Test func listsTheTopicsThatRowsCouldGoTo() async throws {
        let (topic, findings) = try await onThread {
            let kafka = try TestKafka()
            let topic = try kafka.topic("outbox.event.order", partitions: 4)
            _ = try kafka.topic("somebody.else", partitions: 1)
            var configuration = KafkaPublisherConfiguration(kafka: kafka.configuration)
            configuration.topic = try #require(TopicTemplate(kafka.name("outbox.event.") + "{aggregate_type}"))
            return (topic, try KafkaPreflight(configuration).look())
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
            [.init(name: "t", partitions: 1, maximumBytes: 1000)], template: .default, ownLimit: 2000)
        #expect(small.warnings.first?.contains("set it to 1000") == true)
        let fine = KafkaPreflight.judge(
            [.init(name: "t", partitions: 1, maximumBytes: 1_048_588)], template: .default, ownLimit: nil)
        #expect(fine.warnings.isEmpty)
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
