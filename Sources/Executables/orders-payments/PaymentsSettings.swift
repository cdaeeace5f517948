import EventStore
import Kafka
import Logging
import Payments
import Postgres
import Runtime

/// The settings of payments, from the environment.
struct PaymentsSettings {
    let payments: PaymentsConfiguration
    let store: EventStoreConfiguration
    let kafka: KafkaConfiguration
    let groupID: String
    let gatewayLatency: Duration
    let adminHost: String
    let adminPort: Int

    /// - Throws: `ConfigurationError`, naming every variable that is wrong.
    init(_ environment: EnvironmentReader, _ logger: Logger) throws {
        let url = environment.databaseURL(fault: PostgresURL.fault)
        var postgres = PostgresConfiguration(url: url, applicationName: "orders-payments")
        postgres.readWriteOnly = true
        postgres.refusesTransactionPooler = true
        postgres.statementDeadline = PaymentsLimits.statementDeadline
        postgres.logger = logger
        var payments = PaymentsConfiguration(postgres: postgres)
        payments.topic = environment.string("PAYMENTS_TOPIC", default: payments.topic)
        payments.concurrentCharges = environment.int(
            "PAYMENTS_CONCURRENCY", default: payments.concurrentCharges, in: 1...PaymentsLimits.maximumConcurrentCharges
        )
        payments.attemptsPerOrder = environment.int(
            "PAYMENTS_ATTEMPTS", default: payments.attemptsPerOrder, in: 1...100)
        payments.recoveryInterval = environment.duration(
            "PAYMENTS_RECOVERY_INTERVAL", default: payments.recoveryInterval, in: .seconds(1) ... .seconds(86_400))
        payments.drainLimit = environment.duration(
            "PAYMENTS_DRAIN_LIMIT", default: payments.drainLimit, in: .zero ... .seconds(15))
        gatewayLatency = .milliseconds(environment.int("PAYMENTS_GATEWAY_LATENCY_MS", default: 0, in: 0...600_000))
        groupID = environment.string("PAYMENTS_GROUP", default: "payments")
        adminHost = environment.string("PAYMENTS_ADMIN_HOST", default: "127.0.0.1")
        adminPort = environment.port("PAYMENTS_ADMIN_PORT", default: 8087)
        environment.reportUnknown(prefix: "PAYMENTS_")
        self.payments = payments
        var store = EventStoreConfiguration()
        // Commands of payments come in batches, which are transactions as they are.
        store.maximumCommandsPerBatch = PaymentsLimits.commandsPerBatch
        // Its commands have none, and its role may not touch them.
        store.removesExpiredKeys = false
        self.store = store
        kafka = Self.kafka(environment)
        try environment.finish()
    }

    private static func kafka(_ environment: EnvironmentReader) -> KafkaConfiguration {
        let kafka = KafkaConfiguration.fromEnvironment(environment.all) { environment.report($0.variable, $0.message) }
        for fault in kafka.faults(of: .consumer) { environment.report(fault.variable, fault.message) }
        return kafka
    }
}
