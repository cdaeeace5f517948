public import Logging
import Postgres
import Synchronization
import Threads

/// One relay for one outbox, on three threads: one leads (lock, lease), one works (reads and publishes rows), and with
/// at-least-once delivery one keeps the outbox's record in Kafka.
///
/// The relay can be started before Postgres and Kafka. It waits for what is missing, and reconnects when it was lost.
public final class Relay: Sendable {
    private let configuration: RelayConfiguration
    private let factory: any PublisherFactory
    private let signals: RelaySignals
    private let logger: Logger
    /// What the relay is doing.
    public let status: RelayStatus

    /// - Parameters:
    ///   - factory: makes the publishers that rows go to.
    ///   - observer: is told what the relay does, for metrics.
    /// - Throws: when the process has no file descriptors left.
    public init(
        _ configuration: RelayConfiguration, factory: any PublisherFactory, observer: (any RelayObserver)? = nil,
        logger: Logger
    ) throws {
        status = RelayStatus(observer: observer)
        self.configuration = configuration
        self.factory = factory
        self.logger = logger
        signals = try RelaySignals()
    }

    /// Works until ``stop()``; then settles what is in flight and returns, after 10 s at the latest.
    ///
    /// - Throws: ``OutboxError`` when no further attempt can succeed: a foreign checkpoint, a wrong schema.
    public func run() async throws {
        let leadLoop = LeadLoop(
            configuration: configuration, factory: factory, signals: signals, status: status, logger: logger)
        let leadThread = try ThreadExecutor(name: "relay-lead")
        let workThread = try ThreadExecutor(name: "relay-work")
        let recordThread = try ThreadExecutor(name: "relay-record")
        defer {
            recordThread.shutdown()
            leadThread.shutdown()
            workThread.shutdown()
        }
        async let leading: Void = leadThread.run { leadLoop.run() }
        async let working: Void = workThread.run { self.work() }
        async let recording: Void = recordThread.run { self.keepRecord() }
        _ = try await (leading, working, recording)
        if let error = signals.finalError { throw error }
    }

    /// Asks the relay to end. May be called from any thread, and more than once.
    public func stop() { signals.stop() }

    private func keepRecord() {
        RecordWatch(configuration, factory: factory, signals: signals, logger: logger).run()
    }

    private func work() {
        var backoff = Backoff.reconnecting
        while !signals.isStopping {
            signals.heartbeat = .now
            status.recordHeartbeat()
            guard case .leading(let epoch, _) = signals.lead else {
                signals.workWake.wait(until: .now + .seconds(1))
                continue
            }
            do {
                status.recordLead(epoch: epoch)
                try lead(epoch, &backoff)
            } catch {
                recover(from: error, after: backoff.failed())
            }
        }
        signals.finish()
    }

    private func lead(_ epoch: Int64, _ backoff: inout Backoff) throws {
        let session = try RelaySession(
            signals.isPooled ? configuration.pooled : configuration, signals: signals, epoch: epoch, factory: factory,
            status: status, logger: logger)
        defer { if session.hasAdvanced { backoff.succeeded() } }
        try session.run()
    }

    private func recover(from error: any Error, after pause: Duration) {
        signals.wantsSleepLock = false
        status.recordLostLead("\(error)")
        if let error = error as? OutboxError, error.isFinal { return signals.fail(error) }
        logger.warning("publishing interrupted", metadata: ["why": "\(error)"])
        signals.workWake.wait(until: .now + pause)
    }
}
