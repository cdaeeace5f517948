import Kafka
import TestKit
import Testing

@testable import OutboxKafka

/// Records that Kafka acknowledges and no consumer reads: the check at the start says so before it happens.
struct RecordForecastTests {
    private static let day: Int64 = 86_400_000

    @Test(arguments: [
        // Kafka's defaults and a fresh row: nothing but a note.
        (Case([:], .publish, age: 0), notes: ["min.insync.replicas=1"], warnings: []),
        (Case(["min.insync.replicas": "2"], .publish, age: 0), notes: [], warnings: []),
        (
            Case(["min.insync.replicas": "2"], .publish, age: 8 * day),
            notes: ["written 691200 s ago, longer than records are kept"], warnings: []
        ),
        (
            Case(["min.insync.replicas": "2"], .created, age: 8 * day), notes: [],
            warnings: ["retention.ms=604800000", "written 691200 s ago; Kafka deletes or refuses"]
        ),
        (
            Case(
                ["min.insync.replicas": "2", "message.timestamp.type": "LogAppendTime"], .created, age: 8 * day),
            notes: [], warnings: ["message.timestamp.type=LogAppendTime): brokers replace the times"]
        ),
        (
            Case(["min.insync.replicas": "2", "retention.ms": "60000"], .publish, age: nil), notes: [],
            warnings: ["retention.ms=60000): a consumer that is away for longer"]
        ),
        (
            Case(["min.insync.replicas": "2", "message.timestamp.after.max.ms": "1000"], .publish, age: nil),
            notes: [], warnings: ["message.timestamp.after.max.ms=1000): where the clocks"]
        ),
        (
            Case(["min.insync.replicas": "2", "cleanup.policy": "compact"], .publish, age: 8 * day), notes: [],
            warnings: ["cleanup.policy=compact): Kafka keeps the newest row of each aggregate id only"]
        ),
        (
            Case(["min.insync.replicas": "2", "unclean.leader.election.enable": "true"], .publish, age: nil),
            notes: [], warnings: ["unclean.leader.election.enable=true): a replica that lacks"]
        ),
        (
            Case(["min.insync.replicas": "2", "retention.bytes": "1000"], .publish, age: nil),
            notes: ["retention.bytes=1000): a burst"], warnings: []
        ),
    ])
    func oneLineSaysWhatWillHappen(_ given: Case, notes: [String], warnings: [String]) {
        var findings = KafkaPreflight.Findings()
        let topic = KafkaPreflight.Topic(name: "t", partitions: 1, settings: TopicSettings(given.settings))
        RecordForecast(topics: [topic], timestamp: given.timestamp, oldestAge: given.age).add(to: &findings)
        #expect(findings.notes.count == min(1, notes.count), "\(findings.notes)")
        #expect(findings.warnings.count == min(1, warnings.count), "\(findings.warnings)")
        #expect(notes.allSatisfy { findings.notes.first?.contains($0) == true }, "\(findings.notes)")
        #expect(warnings.allSatisfy { findings.warnings.first?.contains($0) == true }, "\(findings.warnings)")
        #expect(findings.errors.isEmpty)
    }

    /// What one topic and one relay are set to.
    struct Case: Sendable {
        let settings: [String: String]
        let timestamp: RecordTimestamp
        let age: Int64?

        /// - Parameter changes: to the defaults of Kafka 4.
        init(_ changes: [String: String], _ timestamp: RecordTimestamp, age: Int64?) {
            let defaults = [
                "cleanup.policy": "delete", "retention.ms": "604800000", "retention.bytes": "-1",
                "message.timestamp.type": "CreateTime", "message.timestamp.before.max.ms": "9223372036854775807",
                "message.timestamp.after.max.ms": "3600000", "min.insync.replicas": "1",
                "unclean.leader.election.enable": "false",
            ]
            settings = defaults.merging(changes) { $1 }
            self.timestamp = timestamp
            self.age = age
        }
    }

    @Test func aLineNamesTheFirstTopicsOfMany() {
        var findings = KafkaPreflight.Findings()
        let topics = (0..<7).map {
            KafkaPreflight.Topic(
                name: "t\($0)", partitions: 1, settings: TopicSettings(["unclean.leader.election.enable": "true"]))
        }
        RecordForecast(topics: topics, timestamp: .publish, oldestAge: nil).add(to: &findings)
        #expect(findings.warnings.first?.contains("t4 (unclean.leader.election.enable=true) and 2 more: ") == true)
    }

    /// The settings as a broker tells them.
    @Test func kafkaIsAskedForTheSettings() async throws {
        let strict = TestKafka.isExternal ? nil : try await onThread { try StrictKafka() }
        defer { strict?.close() }
        let findings = try await onThread {
            let kafka = try strict.map { TestKafka($0) } ?? TestKafka()
            _ = try kafka.topic(
                "order", partitions: 1, settings: ["retention.ms": "3600000", "cleanup.policy": "compact,delete"])
            var configuration = KafkaPublisherConfiguration(kafka: kafka.configuration)
            configuration.topic = try #require(TopicTemplate(kafka.name("{aggregate_type}")))
            configuration.recordTimestamp = .created
            // As -infinity in Postgres.
            return try KafkaPreflight(configuration).inspectTopics(oldestRow: .min)
        }
        #expect(findings.warnings.count == 2, "\(findings.warnings)")
        #expect(findings.warnings.first?.contains("(retention.ms=3600000, message.timestamp.before.max.ms=") == true)
        #expect(findings.warnings.last?.contains("(cleanup.policy=compact,delete): Kafka keeps the newest") == true)
    }
}
