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
        let thread = try ThreadExecutor(name: "control")
        defer { thread.shutdown() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await thread.run { try serve() }
        } onCancelOrGracefulShutdown: {
            stop.wake()
        }
    }

    /// Serves the control socket until ``stop``. The address is announced only when everything listens, so that its
    /// reader can connect at once.
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

/// The file with the bootstrap address. It is absent or whole at every moment.
private struct AddressFile {
    let path: String

    /// Writes the file.
    func publish(_ address: String) throws(SystemError) {
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("EMBEDDED_KAFKA_ADDRESS_FILE: cannot write \(temporary)") }
        let bytes = Array((address + "\n").utf8)
        let count = write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard count == bytes.count, rename(temporary, path) == 0 else {
            let error = SystemError("EMBEDDED_KAFKA_ADDRESS_FILE: cannot write \(path)")
            unlink(temporary)
            throw error
        }
    }

    /// Removes the file; no error if it is gone.
    func remove() { unlink(path) }
}
