import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import Threads

/// The server's one connection that listens for the projector's NOTIFY and wakes whoever waits for an order.
///
/// A notification is a hint: after every connect all waiters look for themselves, because what was sent meanwhile is
/// lost.
final class ChangeListener: Service {
    /// The channel on which the projector tells, once per batch, which orders changed: one identifier per line, or `*`.
    static let channel = "order_projection"

    /// The pause after the first failed connect; it doubles with each further one.
    private static let minimumReconnectDelay: Duration = .milliseconds(100)
    private static let maximumReconnectDelay: Duration = .seconds(5)

    private let changes: OrderChanges
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let executor: ThreadExecutor
    private let stopSignal: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)

    init(changes: OrderChanges, configuration: PostgresConfiguration, logger: Logger) throws {
        self.changes = changes
        self.configuration = configuration
        self.logger = logger
        executor = try ThreadExecutor(name: "order-changes")
        stopSignal = try WakeDescriptor()
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await executor.run { self.listenUntilStopped() }
        } onCancelOrGracefulShutdown: {
            self.isStopping.store(true, ordering: .releasing)
            self.stopSignal.wake()
        }
        executor.shutdown()
    }

    /// The thread's loop: connect, listen until the connection is lost, pause, again.
    private func listenUntilStopped() {
        var delay = Self.minimumReconnectDelay
        while !isStopping.load(ordering: .acquiring) {
            do {
                let connection = try PostgresConnection(configuration)
                try connection.listen(Self.channel)
                delay = Self.minimumReconnectDelay
                changes.anyChanged()
                try listen(connection)
            } catch {
                logger.debug("not listening for changed orders", metadata: ["error": "\(error)"])
                stopSignal.wait(until: .now + delay)
                delay = min(delay * 2, Self.maximumReconnectDelay)
            }
            changes.quiet()
        }
    }

    private func listen(_ connection: PostgresConnection) throws(PostgresError) {
        while !isStopping.load(ordering: .acquiring) {
            for notification in try connection.notifications() { tell(notification.payload) }
            switch try connection.waitForActivity(until: .now + RESTLimits.eventStreamHeartbeat, or: stopSignal) {
            case .received: continue
            case .woken: return
            case .timedOut:
                // A dead peer shows when something is sent to it.
                try connection.execute("SELECT 1")
                changes.quiet()
            }
        }
    }

    private func tell(_ payload: String) {
        if payload == "*" {
            changes.anyChanged()
        } else {
            changes.changed(payload.split(separator: "\n").lazy.map(String.init))
        }
    }
}
