public import Logging
import Postgres
import Synchronization
import Threads

/// Keeps what a relay notices about lost records in the table `record_loss`, on a thread and a connection of its own:
/// publishing does not wait for it, and it waits for a Postgres that is away.
public final class LossLedger: Sendable {
    private struct State {
        var waiting: [LostRecords] = []
        var dropped = 0
    }

    private let configuration: RelayConfiguration
    private let logger: Logger
    private let wake: WakeDescriptor
    private let thread: ThreadExecutor
    private let state = Mutex(State())
    private let isStopping = Atomic(false)

    /// - Throws: `WakeDescriptorError` or `ThreadExecutorError` when the process has no descriptor or thread left.
    public init(_ configuration: RelayConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        wake = try WakeDescriptor()
        thread = try ThreadExecutor(name: "relay-losses")
    }

    /// Takes a loss over, from any thread; never blocks. Beyond ``OutboxLimits/lossesWaiting`` the newest are dropped,
    /// and counted in the log, which has a line for each in any case.
    public func note(_ loss: LostRecords) {
        state.withLock { state in
            guard state.waiting.count < OutboxLimits.lossesWaiting else { return state.dropped += 1 }
            state.waiting.append(loss)
        }
        wake.wake()
    }

    /// Writes what is noted until ``stop()``; then tries once more.
    public func run() async throws {
        defer { thread.shutdown() }
        try await thread.run { self.work() }
    }

    /// Ends ``run()``, from any thread.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.wake()
    }

    private func work() {
        var backoff = Backoff(
            first: .milliseconds(OutboxLimits.firstReconnectMilliseconds),
            longest: .milliseconds(OutboxLimits.longestReconnectMilliseconds))
        var next: ContinuousClock.Instant?
        while true {
            wake.wait(until: next)
            // Asked before the write: what was noted before the stop is then part of it.
            let isLast = isStopping.load(ordering: .acquiring)
            do {
                try write()
                next = nil
                backoff.succeeded()
            } catch {
                next = .now + backoff.failed()
                logger.debug("lost records are not recorded yet", metadata: ["error": "\(error)"])
            }
            if isLast { return }
        }
    }

    private func write() throws {
        let (losses, dropped) = state.withLock { ($0.waiting, $0.dropped) }
        guard !losses.isEmpty else { return }
        var leading = configuration.leadConnection
        leading.applicationName = "outbox-relay losses"
        // Losses are rare, so the connection is not kept.
        let connection = try PostgresConnection(leading)
        let isWritten = try connection.transaction {
            try LossStore(schema: configuration.schema).write(losses, connection)
        }
        state.withLock { state in
            state.waiting.removeFirst(losses.count)
            state.dropped -= dropped
        }
        let missing = (isWritten ? 0 : losses.count) + dropped
        guard missing > 0 else { return }
        let cure =
            isWritten ? "" : ": run outboxctl upgrade (or migrate), and outboxctl role for the relay's role again"
        logger.warning(
            "lost records are in the log and not in the table record_loss\(cure)", metadata: ["losses": "\(missing)"])
    }
}
