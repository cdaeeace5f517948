import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import Threads

/// Listens for the projector's NOTIFY, on one connection per server, and wakes the waiters for the orders it names.
///
/// Notifications that are sent while there is no connection are lost. Therefore all waiters are woken after every
/// connect, and read their orders.
final class ChangeListener: Service {
    /// The channel of the projector's notifications, one per batch. The payload is the identifiers of the changed
    /// orders, one per line, or `*` for any order.
    static let channel = "order_projection"

    private let changes: OrderChanges
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let executor: ThreadExecutor
    private let stopSignal: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)

    /// - Throws: when the process has no thread or file descriptor left.
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

    /// The loop of the thread: connects, listens until the connection is lost, pauses.
    private func listenUntilStopped() {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        while !isStopping.load(ordering: .acquiring) {
            do {
                let connection = try PostgresConnection(configuration)
                try connection.listen(Self.channel)
                backoff.succeeded()
                changes.anyChanged()
                try listen(connection)
            } catch {
                logger.debug("not listening for changed orders", metadata: ["error": "\(error)"])
                stopSignal.wait(until: .now + backoff.failed())
            }
            changes.quiet()
        }
    }

    private func listen(_ connection: PostgresConnection) throws(PostgresError) {
        while !isStopping.load(ordering: .acquiring) {
            for notification in try connection.notifications() { wakeWaiters(notification.payload) }
            switch try connection.waitForActivity(until: .now + RESTLimits.eventStreamHeartbeat, or: stopSignal) {
            case .received: continue
            case .woken: return
            case .timedOut:
                // Only a statement shows that the connection is dead.
                try connection.execute("SELECT 1")
                changes.quiet()
            }
        }
    }

    private func wakeWaiters(_ payload: String) {
        if payload == "*" {
            changes.anyChanged()
        } else {
            changes.changed(payload.split(separator: "\n").lazy.map(String.init))
        }
    }
}
