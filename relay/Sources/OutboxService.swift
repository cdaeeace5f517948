import Kafka
import Logging
import Outbox
import ServiceLifecycle
import Synchronization

/// Runs the relay of one outbox until the process is asked to stop.
///
/// A relay that failed for good ends the process if it is the only one, so that the supervisor of the process notices.
/// Beside other relays it must not stop them: it is made anew after a pause, as a supervisor would do, and readiness
/// tells the failure meanwhile.
final class OutboxService: Service {
    /// Between the end of a relay that failed for good and the next try, where the process has other outboxes.
    static let pauseAfterFailure = Duration.seconds(30)

    private struct State {
        var relay: Relay
        var failure: String?
    }

    let name: String?
    private let isAlone: Bool
    private let make: @Sendable () throws -> Relay
    private let logger: Logger
    private let state: Mutex<State>
    /// Filled by the Kafka client of the present relay.
    let kafka: KafkaCondition

    /// - Throws: when the process has no file descriptors left.
    init(
        name: String?, isAlone: Bool, kafka: KafkaCondition, logger: Logger,
        make: @escaping @Sendable () throws -> Relay
    ) throws {
        self.name = name
        self.isAlone = isAlone
        self.logger = logger
        self.kafka = kafka
        self.make = make
        state = Mutex(State(relay: try make()))
    }

    var health: OutboxHealth {
        let (now, failure) = state.withLock { ($0.relay.status.now, $0.failure) }
        return OutboxHealth(
            now: now, failure: failure, kafka: kafka.lastError(since: now.lastAcknowledged),
            throttle: kafka.throttle.text)
    }

    func run() async throws {
        while true {
            do {
                return try await runOnce()
            } catch {
                guard !isAlone else { throw error }
                failed(error)
                // Ended by SIGTERM: the process's exit code tells what it could not do.
                guard await pause() else { throw error }
                try renew()
            }
        }
    }

    private func runOnce() async throws {
        let relay = state.withLock { $0.relay }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await relay.run()
        } onCancelOrGracefulShutdown: {
            relay.stop()
        }
    }

    private func failed(_ error: any Error) {
        state.withLock { $0.failure = "\(error)" }
        logger.error(
            "this outbox is not relayed; trying again after a pause",
            metadata: ["why": "\(error)", "pause": "\(Self.pauseAfterFailure)"])
    }

    /// Returns whether the pause is over; false when the process is to stop.
    private func pause() async -> Bool {
        do {
            try await cancelWhenGracefulShutdown {
                try await Task.sleep(until: .now + Self.pauseAfterFailure, clock: .continuous)
            }
            return true
        } catch {
            return false
        }
    }

    private func renew() throws {
        let relay = try make()
        state.withLock { $0 = State(relay: relay) }
    }
}
