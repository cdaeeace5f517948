import Admin
import Kafka
import Logging
import Outbox
import OutboxKafka
import Postgres
import Runtime
import ServiceLifecycle

/// The process: settings and services.
enum RelayProcess {
    static func run() async -> Never {
        await ServiceProcess.run(name: "outbox-relay") { environment, logger in
            let settings = try RelaySettings(environment)
            // Before anything else: a process that ends because of the port must not lead first.
            try await settings.admin?.tryOut()
            let registry = MetricsRegistry()
            let claims = OutboxClaims()
            let isAlone = settings.outboxes.count == 1
            let outboxes = try settings.outboxes.map { outbox in
                var outbox = outbox
                outbox.relay.claims = claims
                return try services(outbox, isAlone: isAlone, registry, logger)
            }
            return admin(settings, RelayHealth(outboxes: outboxes.map(\.relay)), registry, logger)
                + outboxes.flatMap { [$0.ledger, $0.relay, $0.watch] as [any Service] }
        }
    }

    private static func services(
        _ outbox: OutboxSettings, isAlone: Bool, _ registry: MetricsRegistry, _ logger: Logger
    ) throws -> (relay: OutboxService, watch: TopicWatchService, ledger: LossLedgerService) {
        var logger = logger
        if let name = outbox.name { logger[metadataKey: "outbox"] = "\(name)" }
        var publisher = outbox.publisher
        let kafka = KafkaCondition()
        let log = KafkaLog.sink(logger)
        publisher.sink = { [logger] event in
            if let news = kafka.note(event) { logger.warning("\(news)") }
            log(event)
        }
        try RelayPreflight.start(outbox, publisher, logger)
        if outbox.relay.usesPooler {
            logger.notice("behind a pooler: polling, no LISTEN, leading by lease alone")
        }
        let metrics = RelayMetrics(registry, outbox: outbox.name)
        let ledger = try LossLedger(outbox.relay, logger: logger)
        publisher.lossSink = { [logger] loss in
            metrics.lost(loss)
            ledger.note(loss.records)
            logger.error(
                "\(loss)",
                metadata: [
                    "topic": "\(loss.topic)", "partition": "\(loss.partition)", "from": "\(loss.from)",
                    "to": "\(loss.to)",
                ])
        }
        publisher.growthSink = { [logger] growth in
            logger.warning("\(growth)", metadata: ["topic": "\(growth.topic)", "partitions": "\(growth.to)"])
        }
        let factory = KafkaPublisherFactory(publisher)
        var relay = outbox.relay
        relay.postgres.logger = logger
        let make = { @Sendable [relay, logger] in
            try Relay(relay, factory: factory, observer: metrics, logger: logger)
        }
        let service = try OutboxService(name: outbox.name, isAlone: isAlone, kafka: kafka, logger: logger, make: make)
        RelayGauges.register(service, registry)
        return (service, try TopicWatchService(factory, logger), LossLedgerService(ledger: ledger))
    }

    private static func admin(
        _ settings: RelaySettings, _ health: RelayHealth, _ registry: MetricsRegistry, _ logger: Logger
    ) -> [any Service] {
        guard let address = settings.admin else { return [] }
        return [
            AdminServer(
                address, metrics: registry, liveness: { health.liveness() }, readiness: { health.readiness() },
                logger: logger)
        ]
    }

    /// Reads the settings, prints them or what is wrong, and exits 78 in that case. Connects to nothing.
    static func checkConfiguration() {
        do {
            let environment = EnvironmentReader()
            ServiceProcess.logSettings(environment)
            let settings = try RelaySettings(environment)
            print("configuration is good")
            for outbox in settings.outboxes {
                if let name = outbox.name { print("outbox: \(name), schema \(outbox.relay.schema)") }
                print("topic: \(outbox.publisher.topic.text)")
                print("delivery: \(outbox.relay.guarantee.rawValue)")
                print("kafka: \(outbox.publisher.kafka)")
            }
        } catch {
            ServiceProcess.refuse(error, name: "outbox-relay")
        }
    }
}
