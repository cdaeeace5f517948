import Foundation
import Kafka
import TestKit
import Testing

/// The Kafka of one stack: the embedded one as a process of its own, the strict one, or the one that
/// `KAFKA_BOOTSTRAP_SERVERS` names.
final class StackKafka: Sendable {
    static let partitions = 64

    let address: String
    /// An aggregate's topic is this and its type.
    let topicPrefix: String
    private let embedded: (process: ManagedProcess, control: String)?
    private let strict: StrictKafka?
    private let outside: TestKafka?

    /// - Parameters:
    ///   - brokers: of the embedded one.
    ///   - isStrict: where none is named from outside, which is strict anyhow, the strict one and not the embedded one.
    static func open(brokers: Int = 1, isStrict: Bool = false) async throws -> StackKafka {
        guard TestKafka.isExternal || isStrict else { return try await StackKafka(brokers: brokers) }
        let strict = TestKafka.isExternal ? nil : try await onThread { try StrictKafka() }
        let kafka = StackKafka(try strict.map { TestKafka($0) } ?? TestKafka(), strict)
        try await kafka.createTopic("order")
        return kafka
    }

    private init(brokers: Int) async throws {
        let process = try await ManagedProcess.start(
            TestPaths.binary("embedded-kafka"),
            environment: [
                "EMBEDDED_KAFKA_TOPICS": "outbox.event.order:\(Self.partitions)",
                "EMBEDDED_KAFKA_CONTROL": "127.0.0.1:0",
                "EMBEDDED_KAFKA_BROKERS": "\(brokers)",
            ])
        address = try await Self.announced("KAFKA_BOOTSTRAP_SERVERS=", process)
        embedded = (process, try await Self.announced("EMBEDDED_KAFKA_CONTROL=", process))
        topicPrefix = "outbox.event."
        strict = nil
        outside = nil
    }

    private init(_ kafka: TestKafka, _ strict: StrictKafka?) {
        address = kafka.configuration["bootstrap.servers"] ?? ""
        topicPrefix = kafka.name("")
        embedded = nil
        self.strict = strict
        outside = kafka
    }

    private static func announced(_ variable: String, _ process: ManagedProcess) async throws -> String {
        let line = try await process.line(containing: variable)
        return String(line.dropFirst(variable.count))
    }

    func topic(_ aggregateType: String) -> String { topicPrefix + aggregateType }

    /// Makes an aggregate type's topic: brokers may not make it on use, or with few partitions.
    ///
    /// - Parameter settings: such as `max.message.bytes`; the embedded Kafka has none.
    func createTopic(_ aggregateType: String, partitions: Int = partitions, settings: [String: String] = [:])
        async throws
    {
        guard let outside else { return try await control("topic \(topic(aggregateType)) \(partitions)") }
        _ = try await onThread { try outside.topic(aggregateType, partitions: partitions, settings: settings) }
    }

    var configuration: KafkaConfiguration { outside?.configuration ?? KafkaConfiguration(bootstrapServers: address) }

    /// What consumers need to notice a killed member soon, and from the embedded Kafka to get new messages at once.
    var consumer: [String: String] { ["KAFKA_SESSION_TIMEOUT_MS": "6000", "KAFKA_FETCH_WAIT_MAX_MS": "10"] }

    /// kcat with what it needs to get in.
    var kcat: [String] {
        ["kcat"] + configuration.settings.sorted { $0.key < $1.key }.flatMap { ["-X", "\($0.key)=\($0.value)"] }
    }

    /// One line of the Kafka's control protocol, such as `down`. Tests that use it are marked ``Trait/switchesKafka``.
    func control(_ line: String) async throws {
        if let strict {
            _ = try await onThread { try strict.control(line) }
            return
        }
        guard let address = embedded?.control.split(separator: ":") else {
            throw TestFailure("this Kafka has no switches")
        }
        let answer = try await Command.output([
            "bash", "-c",
            "exec 3<>/dev/tcp/$0/$1 && printf '%s\\n' \"$2\" >&3 && read -r answer <&3 && printf %s \"$answer\"",
            String(address[0]), String(address[1]), line,
        ])
        guard answer.hasPrefix("ok") else { throw TestFailure("embedded Kafka answered '\(answer)' to '\(line)'") }
    }

    /// Waits until the strict Kafka counts more of something than now; see ``StrictKafka/count(of:)``.
    func counts(more prefix: String) async throws {
        guard let strict else { throw TestFailure("this Kafka does not count") }
        try await onThread {
            let before = try strict.count(of: prefix)
            let deadline = ContinuousClock.now + .seconds(60)
            while try strict.count(of: prefix) <= before {
                guard .now < deadline else {
                    throw TestFailure("no more of \(prefix): \(try strict.control("status"))")
                }
            }
        }
    }

    func close() {
        embedded?.process.abandon()
        strict?.close()
    }
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where Kafka comes from outside: nobody can tell it to fail.
    static var switchesKafka: Self { .enabled(if: !TestKafka.isExternal, "needs a Kafka with switches") }
}
