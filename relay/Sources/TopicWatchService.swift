import Kafka
import Logging
import OutboxKafka
import ServiceLifecycle
import Threads

/// Runs the watch over one outbox's topics, on a thread of its own.
struct TopicWatchService: Service {
    private let thread: ThreadExecutor
    private let watch: Watch
    private let logger: Logger

    /// - Throws: when the process has no thread left.
    init(_ factory: KafkaPublisherFactory, _ logger: Logger) throws {
        thread = try ThreadExecutor(name: "relay-watch")
        watch = Watch(factory.makeTopicWatch())
        self.logger = logger
    }

    func run() async throws {
        defer { thread.shutdown() }
        while await pause() {
            // Not waited for: the end of the process must not wait for a Kafka that is away. A look takes seconds, and
            // a pause a minute.
            thread.submit { [watch, logger] in
                do {
                    try watch.watch.check()
                } catch {
                    logger.warning("the topics are not watched now", metadata: ["why": "\(error)"])
                }
            }
        }
    }

    /// Returns whether the pause is over; false when the process is to stop.
    private func pause() async -> Bool {
        do {
            try await cancelWhenGracefulShutdown {
                try await Task.sleep(until: .now + KafkaTopicWatch.interval, clock: .continuous)
            }
            return true
        } catch {
            return false
        }
    }
}

/// `@unchecked`: used on the watch's thread alone.
private final class Watch: @unchecked Sendable {
    let watch: KafkaTopicWatch

    init(_ watch: KafkaTopicWatch) { self.watch = watch }
}
