import Glibc
import Kafka
import Logging
import Postgres
import Projection
import Runtime

/// The projector's settings, from the environment.
struct ProjectorSettings {
    let projector: ProjectorConfiguration
    let kafka: KafkaConfiguration
    let groupID: String
    let adminHost: String
    let adminPort: Int

    /// - Throws: `ConfigurationError`, naming every variable that is wrong.
    init(_ environment: EnvironmentReader, _ logger: Logger) throws {
        let url = environment.databaseURL(fault: PostgresURL.fault)
        var postgres = PostgresConfiguration(url: url, applicationName: "orders-projector")
        postgres.readWriteOnly = true
        postgres.refusesTransactionPooler = true
        postgres.statementDeadline = ProjectionLimits.statementDeadline
        postgres.logger = logger
        var projector = ProjectorConfiguration(postgres: postgres, member: Self.member)
        projector.topic = environment.string("PROJECTOR_TOPIC", default: projector.topic)
        projector.maximumBatchMessages = environment.int(
            "PROJECTOR_BATCH_MESSAGES", default: projector.maximumBatchMessages,
            in: 1...ProjectionLimits.maximumBatchMessages)
        projector.gathering = environment.duration(
            "PROJECTOR_GATHERING", default: projector.gathering, in: .zero...ProjectionLimits.longestGathering)
        projector.healingChunkOrders = environment.int(
            "PROJECTOR_HEALING_CHUNK_ORDERS", default: projector.healingChunkOrders,
            in: 1...ProjectionLimits.maximumHealingChunkOrders)
        groupID = environment.string("PROJECTOR_GROUP", default: "projection")
        adminHost = environment.string("PROJECTOR_ADMIN_HOST", default: "127.0.0.1")
        adminPort = environment.port("PROJECTOR_ADMIN_PORT", default: 8086)
        environment.reportUnknown(prefix: "PROJECTOR_")
        self.projector = projector
        kafka = Self.kafka(environment)
        try environment.finish()
    }

    private static func kafka(_ environment: EnvironmentReader) -> KafkaConfiguration {
        let kafka = KafkaConfiguration.fromEnvironment(environment.all) { environment.report($0.variable, $0.message) }
        for fault in kafka.faults(of: .consumer) { environment.report(fault.variable, fault.message) }
        return kafka
    }

    /// Host and process id, for operators.
    private static var member: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "pid \(getpid())" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            + " pid \(getpid())"
    }
}
