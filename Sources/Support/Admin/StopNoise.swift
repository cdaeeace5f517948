import Logging
import Synchronization

/// Once a process stops, or its server is cancelled because another service failed, Hummingbird tells as errors that
/// connections are closed; operators would look for what is wrong.
final class StopNoise: Sendable {
    private let isStopping = Atomic(false)

    func begin() { isStopping.store(true, ordering: .relaxed) }

    func filtering(_ logger: Logger) -> Logger {
        var logger = logger
        logger.handler = Filter(inner: logger.handler, noise: self)
        return logger
    }

    private struct Filter: LogHandler {
        var inner: any LogHandler
        let noise: StopNoise

        var metadata: Logger.Metadata {
            get { inner.metadata }
            set { inner.metadata = newValue }
        }
        var logLevel: Logger.Level {
            get { inner.logLevel }
            set { inner.logLevel = newValue }
        }
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { inner[metadataKey: key] }
            set { inner[metadataKey: key] = newValue }
        }

        func log(event: LogEvent) {
            if !noise.isStopping.load(ordering: .relaxed) { inner.log(event: event) }
        }
    }
}
