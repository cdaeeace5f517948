import Runtime
public import ServiceLifecycle
import Threads

/// Finds out whether a transaction pooler stands between this process and Postgres.
///
/// Behind such a pooler a session's lock, its settings, its prepared statements and its LISTEN stay with the connection
/// that the pooler happened to use.
public enum PostgresPooler {
    /// Why a process that keeps its session refuses a transaction pooler, and what to do.
    static let refusal = """
        a transaction pooler is in between (pgbouncer with pool_mode=transaction), and this process keeps prepared \
        statements and session settings: let DATABASE_URL name Postgres itself, or a pooler with pool_mode=session
        """

    /// Whether the address leads through a pooler that lends sessions for a transaction. Opens up to two connections
    /// and leaves nothing in a session.
    ///
    /// - Throws: ``PostgresError``.
    public static func isTransactionPooler(_ configuration: PostgresConfiguration) throws(PostgresError) -> Bool {
        let listener = try PostgresConnection(plain(configuration))
        guard listener.isPooled else { return false }
        return try !hears(listener, from: PostgresConnection(plain(configuration)))
    }

    private static func plain(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var plain = configuration
        plain.applicationName += " probe"
        plain.preparesStatements = false
        plain.refusesTransactionPooler = false
        plain.sessionSettings = []
        plain.outlivesIdleTimeout = false
        return plain
    }

    /// A pooler that keeps a session for its client passes notifications on; one that lends sessions for a transaction
    /// cannot. The notification comes from another client, because the pooler may well lend both the same session.
    private static func hears(
        _ listener: PostgresConnection, from sender: PostgresConnection
    ) throws(PostgresError) -> Bool {
        let channel = "outbox_relay_probe_\(UInt64.random(in: .min ... .max))"
        try listener.listen(channel)
        try sender.query("SELECT pg_notify($1, '')", [.text(channel)])
        guard let never = try? WakeDescriptor() else {
            throw PostgresError(.usage, "the process has no file descriptors left")
        }
        let deadline = ContinuousClock.now + .milliseconds(PostgresLimits.poolerProbeMilliseconds)
        var isHeard = false
        while true {
            isHeard = try listener.notifications().contains { $0.channel == channel }
            guard !isHeard, try listener.waitForActivity(until: deadline, or: never) != .timedOut else { break }
        }
        // Otherwise the LISTEN would stay in the session that the pooler lends to other clients next.
        for connection in [listener, sender] { try connection.execute("UNLISTEN *") }
        return isHeard
    }
}

/// Ends a process at its start, as a wrong setting would, if its database is behind a transaction pooler. Waits for a
/// Postgres that is away; once connected it only waits for the end of the process.
public struct TransactionPoolerCheck: Service {
    private let configuration: PostgresConfiguration
    private let executor: ThreadExecutor
    private let stopSignal: WakeDescriptor

    /// - Throws: when the process has no thread or file descriptor left.
    public init(_ configuration: PostgresConfiguration) throws {
        self.configuration = configuration
        executor = try ThreadExecutor(name: "pg-pooler-check")
        stopSignal = try WakeDescriptor()
    }

    /// - Throws: `ConfigurationError` that names `DATABASE_URL`.
    public func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await executor.run { try refuse() }
        } onCancelOrGracefulShutdown: {
            stopSignal.wake()
        }
        executor.shutdown()
        try? await gracefulShutdown()
    }

    private func refuse() throws {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        while true {
            do {
                guard try PostgresPooler.isTransactionPooler(configuration) else { return }
            } catch {
                // The process's own connections say why Postgres is away.
                if stopSignal.wait(until: .now + backoff.failed()) { return }
                continue
            }
            throw ConfigurationError("DATABASE_URL", PostgresPooler.refusal)
        }
    }
}
