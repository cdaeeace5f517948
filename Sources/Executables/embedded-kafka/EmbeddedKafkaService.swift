import Glibc
import Kafka
import Logging
import Runtime
import ServiceLifecycle
import Threads

/// The mock cluster with its control socket, until the process is asked to stop.
struct EmbeddedKafkaService: Service {
    private let cluster: KafkaMockCluster
    private let settings: EmbeddedKafkaSettings
    private let logger: Logger
    private let stop: WakeDescriptor

    init(_ settings: EmbeddedKafkaSettings, _ logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        stop = try WakeDescriptor()
        cluster = try KafkaMockCluster(brokers: settings.brokers)
        for topic in settings.topics { try cluster.createTopic(topic.name, partitions: topic.partitions) }
    }

    func run() async throws {
        let thread = ThreadExecutor(name: "control")
        defer { thread.shutdown() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await thread.run { try serve() }
        } onCancelOrGracefulShutdown: {
            stop.wake()
        }
    }

    /// Announces the address only when everything listens, so that whoever reads it can go ahead.
    private func serve() throws {
        let listener = try settings.control.map { address throws(SystemError) in try ControlListener(address) }
        let file = settings.addressFile.map { AddressFile(path: $0) }
        try file?.publish(cluster.bootstrapServers)
        defer { file?.remove() }
        announce("KAFKA_BOOTSTRAP_SERVERS=\(cluster.bootstrapServers)")
        if let listener { announce("EMBEDDED_KAFKA_CONTROL=\(listener.description)") }
        logger.info("ready", metadata: ["brokers": "\(settings.brokers)", "bootstrap": "\(cluster.bootstrapServers)"])
        var loop = ControlLoop(listener, KafkaMockControl(cluster), stop: stop)
        try loop.run()
    }

    private func announce(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
