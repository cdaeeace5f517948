import Logging
import Postgres

/// The one connection of a lane, made when it is needed. Used on the lane's thread only.
final class LaneConnection {
    private let name: String
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private var current: PostgresConnection?

    /// - Parameters:
    ///   - name: shown by Postgres behind the application name, and in the log.
    ///   - writes: whether to refuse a standby.
    init(
        _ postgres: PostgresConfiguration, name: String, writes: Bool, configuration: EventStoreConfiguration,
        logger: Logger
    ) {
        var postgres = postgres
        postgres.applicationName += " " + name
        postgres.readWriteOnly = writes
        postgres.plans = .byKey
        postgres.sessionSettings.append(("default_transaction_isolation", "read committed"))
        postgres.sessionSettings.append(("lock_timeout", "\(configuration.lockTimeout.lockTimeoutMilliseconds)"))
        postgres.statementDeadline = configuration.answerLimit
        self.name = name
        self.configuration = postgres
        self.logger = logger
    }

    /// Connects if there is no usable connection; a failure is logged.
    func connect() throws(LaneDown) {
        do {
            _ = try get()
        } catch {
            logger.warning("lane cannot connect", metadata: ["lane": "\(name)", "error": "\(error)"])
            throw LaneDown(error)
        }
    }

    /// The connection, or a new one in place of a lost one.
    func get() throws(PostgresError) -> PostgresConnection {
        if let current, current.isUsable {
            // A server that closed the connection while the lane was idle is noticed here. In the middle of an append
            // the outcome would be unknown.
            if let _ = try? current.notifications() { return current }
        }
        current = nil
        let made = try PostgresConnection(configuration)
        current = made
        return made
    }

    /// Runs a read, and once more if the connection turns out to be lost: the server may have closed it while it was
    /// idle. A connection that hangs is not tried again, because the read has had its time and other requests wait.
    func reading<T>(_ body: (PostgresConnection) throws(PostgresError) -> T) throws(PostgresError) -> T {
        do {
            return try body(get())
        } catch {
            guard error.isConnectionLost, error.code != .deadline else { throw error }
            return try body(get())
        }
    }

    /// Closes the connection.
    func close() {
        current = nil
    }
}

extension Duration {
    /// Whole milliseconds for Postgres's `lock_timeout`: rounded down, but at least 1, because 0 means no limit.
    var lockTimeoutMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
