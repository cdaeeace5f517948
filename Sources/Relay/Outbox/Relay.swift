public import Logging
import Postgres
import Synchronization
import Threads

/// One relay for one outbox: two threads, one that leads and one that works.
///
/// It starts in any order with Postgres and Kafka, waits for what is missing, and survives their going away.
public final class Relay: Sendable {
    private let configuration: RelayConfiguration
    private let factory: any PublisherFactory
    private let signals: RelaySignals
    private let logger: Logger
    public let status: RelayStatus

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

    /// Works until ``stop()``; then settles what is in flight and returns.
    ///
    /// - Throws: ``OutboxError`` when going on is useless: a foreign checkpoint, a missing schema.
    public func run() async throws {
        let leadLoop = LeadLoop(configuration: configuration, signals: signals, status: status, logger: logger)
        let leadThread = try ThreadExecutor(name: "relay-lead")
        let workThread = try ThreadExecutor(name: "relay-work")
        defer {
            leadThread.shutdown()
            workThread.shutdown()
        }
        async let leading: Void = leadThread.run { leadLoop.run() }
        async let working: Void = workThread.run { self.work() }
        _ = try await (leading, working)
        if let error = signals.finalError { throw error }
    }

    /// Asks for the end. May be called from any thread, also twice.
    public func stop() { signals.stop() }

    private func work() {
        let backoff = Backoff()
        while !signals.isStopping {
            signals.heartbeat = .now
            status.beats()
            guard case .leading(let epoch, _) = signals.lead else {
                signals.workWake.wait(until: .now + .seconds(1))
                continue
            }
            do {
                status.leads(epoch)
                try lead(epoch, backoff)
            } catch {
                backoff.failed()
                lost(error, backoff)
            }
        }
        signals.finish()
    }

    private func lead(_ epoch: Int64, _ backoff: Backoff) throws {
        let session = try RelaySession(
            signals.isPooled ? configuration.pooled : configuration, signals: signals, epoch: epoch, factory: factory,
            status: status,
            backoff: backoff, logger: logger)
        try session.run()
    }

    private func lost(_ error: any Error, _ backoff: Backoff) {
        signals.wantsSleepLock = false
        status.lostLead("\(error)")
        if let error = error as? OutboxError, error.isFinal { return signals.fail(error) }
        logger.warning("publishing interrupted", metadata: ["why": "\(error)"])
        signals.workWake.wait(until: .now + backoff.pause)
    }
}
