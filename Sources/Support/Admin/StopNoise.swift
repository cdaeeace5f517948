import Logging
import Synchronization

/// Silences a logger from a moment on.
///
/// When a process stops, or its server is cancelled because another service failed, Hummingbird logs every closed
/// connection as an error. Operators would search for a fault that is none.
final class StopNoise: Sendable {
    private let isStopping = Atomic(false)

    /// Drops all events from now on.
    func begin() { isStopping.store(true, ordering: .relaxed) }

    /// A logger that writes like `logger` until ``begin()``.
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
