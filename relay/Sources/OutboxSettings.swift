import Glibc
import Kafka
import Outbox
import OutboxKafka
import Postgres
import Runtime
import Sabotage

/// The settings of one outbox: where it is, how it is relayed, what its messages look like.
struct OutboxSettings {
    /// As in `RELAY_OUTBOXES`; nil for the only outbox of a process that does not set it.
    let name: String?
    var relay: RelayConfiguration
    let publisher: KafkaPublisherConfiguration

    /// Reports every fault to `environment`.
    init(name: String?, _ environment: EnvironmentReader) {
        self.name = name
        var publisher = Self.publisher(environment)
        relay = Self.relay(environment)
        relay.outbox = name
        DeliverySettings.read(environment, into: &relay, &publisher)
        self.publisher = publisher
        for fault in KafkaPublisherFactory(publisher).faults(relay.guarantee) {
            environment.report(fault.variable, fault.message)
        }
    }

    private static func relay(_ environment: EnvironmentReader) -> RelayConfiguration {
        var postgres = PostgresConfiguration(
            url: environment.databaseURL(fault: PostgresURL.fault), applicationName: "outbox-relay")
        postgres.connectTimeout = environment.duration(
            "RELAY_CONNECT_TIMEOUT", default: postgres.connectTimeout, in: .milliseconds(100) ... .seconds(60))
        var relay = RelayConfiguration(
            postgres: postgres, name: environment.string("RELAY_NAME", default: Self.holderName()))
        relay.schema = schema(environment, relay.schema)
        relay.lease = environment.duration("RELAY_LEASE", default: relay.lease, in: .seconds(1) ... .seconds(600))
        relay.pollCeiling = environment.duration(
            "RELAY_POLL_CEILING", default: relay.pollCeiling, in: .milliseconds(10) ... .seconds(3600))
        if Mutant.notifyWithoutPoll.isOn { relay.pollCeiling = .seconds(3600) }
        let interval = environment.duration(
            "RELAY_POLL_INTERVAL", default: .milliseconds(200), in: .milliseconds(1) ... .seconds(3600))
        relay.pollIntervalIfPooled = interval
        relay.pollInterval = environment.bool("RELAY_POOLER", default: false) ? interval : nil
        relay.retention = retention(environment, relay.retention)
        relay.parkedRetry = parkedRetry(environment, relay.parkedRetry)
        return relay
    }

    /// The name of this machine or container, and our process id: the leader's name, for people.
    private static func holderName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self) + "/\(getpid())"
    }

    private static func schema(_ environment: EnvironmentReader, _ fallback: String) -> String {
        let schema = environment.string("RELAY_SCHEMA", default: fallback)
        if let fault = OutboxLimits.fault(inSchema: schema) { environment.report("RELAY_SCHEMA", fault) }
        return schema
    }

    private static func parkedRetry(_ environment: EnvironmentReader, _ fallback: Duration?) -> Duration? {
        if environment.optionalString("RELAY_PARKED_RETRY") == "off" { return nil }
        return environment.duration(
            "RELAY_PARKED_RETRY", default: fallback ?? .seconds(60), in: .seconds(1) ... .seconds(86_400))
    }

    private static func retention(_ environment: EnvironmentReader, _ fallback: Duration?) -> Duration? {
        if environment.optionalString("RELAY_RETENTION") == "forever" { return nil }
        return environment.duration(
            "RELAY_RETENTION", default: fallback ?? .seconds(86_400), in: .seconds(1) ... .seconds(366 * 86_400))
    }

    private static func publisher(_ environment: EnvironmentReader) -> KafkaPublisherConfiguration {
        var publisher = KafkaPublisherConfiguration(kafka: kafka(environment))
        if let text = environment.optionalString("RELAY_TOPIC") {
            if let template = TopicTemplate(text) {
                publisher.topic = template
                if let fault = template.fault { environment.report("RELAY_TOPIC", "'\(text)' \(fault)") }
            } else {
                environment.report(
                    "RELAY_TOPIC",
                    "'\(text)': places are {aggregate_type}, {event_type} and {header.NAME}, each closed by a brace")
            }
        }
        publisher.addsCloudEvents = environment.bool("RELAY_CLOUDEVENTS", default: publisher.addsCloudEvents)
        publisher.addsEventID = environment.bool("RELAY_EVENT_ID_HEADER", default: publisher.addsEventID)
        publisher.source = environment.string("RELAY_SOURCE", default: publisher.source)
        publisher.emptyPayloadIsTombstone = environment.bool(
            "RELAY_TOMBSTONES", default: publisher.emptyPayloadIsTombstone)
        publisher.recordTimestamp = environment.choice("RELAY_RECORD_TIMESTAMP", default: publisher.recordTimestamp)
        return publisher
    }

    private static func kafka(_ environment: EnvironmentReader) -> KafkaConfiguration {
        KafkaConfiguration.fromEnvironment(environment.all, origins: environment.origins) {
            environment.report($0.variable, $0.message)
        }
    }
}
