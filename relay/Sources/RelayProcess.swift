import Admin
import Kafka
import Logging
import Messaging
import Outbox
import Runtime
import ServiceLifecycle

/// The process: settings, services, help.
enum RelayProcess {
    static let help = """
        usage: outbox-relay [--check-config | --version | --help]
               outbox-relay adopt --table app.outbox [--apply] ...   (adopt --help)
               outbox-relay role --name relay                        (role --help)

        Forwards the rows of a transactional outbox in Postgres to Kafka, in order. All settings come from the
        environment; relay/README.md lists them. The two that matter: DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS.
        """

    static func run() async -> Never {
        await ServiceProcess.run(name: "outbox-relay") { environment, logger in
            let settings = try RelaySettings(environment)
            var publisher = settings.publisher
            publisher.sink = KafkaLog.sink(logger)
            RelayPreflight.start(publisher, logger)
            let registry = MetricsRegistry()
            let relay = try Relay(
                settings.relay, factory: KafkaPublisherFactory(publisher), observer: RelayMetrics(registry), logger: logger)
            if settings.relay.usesPooler {
                logger.notice("behind a pooler: polling, no LISTEN, leading by lease alone")
            }
            return admin(settings, relay, registry, logger) + [RelayService(relay: relay)]
        }
    }

    private static func admin(
        _ settings: RelaySettings, _ relay: Relay, _ registry: MetricsRegistry, _ logger: Logger
    ) -> [any Service] {
        guard let port = settings.adminPort else { return [] }
        let health = RelayHealth(status: relay.status)
        return [
            AdminServer(
                host: settings.adminHost, port: port, metrics: registry, liveness: { health.liveness() },
                readiness: { health.readiness() }, logger: logger)
        ]
    }

    /// Reads the settings, says what is wrong, and exits 0 or 78 without connecting anywhere.
    static func checkConfiguration() {
        do {
            let settings = try RelaySettings(EnvironmentReader())
            print("configuration is good")
            print("topic: \(settings.publisher.topic.text)")
            print("kafka: \(settings.publisher.kafka)")
        } catch {
            complain("outbox-relay: bad configuration\n\(error)")
            exitForConfiguration()
        }
    }
}
