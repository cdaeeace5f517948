import Logging
import Postgres

/// The one connection of a lane, made when it is needed. Used on the lane's thread only.
final class LaneConnection {
    private let name: String
    private let session: PostgresSession
    private let logger: Logger

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
        // An append may wait for a lock, and is not late meanwhile.
        postgres.lateAfter = configuration.lockTimeout + .seconds(1)
        self.name = name
        postgres.logger = logger
        session = PostgresSession(postgres)
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
    func get() throws(PostgresError) -> PostgresConnection { try session.connection() }

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
        session.close()
    }
}

extension Duration {
    /// Whole milliseconds for Postgres's `lock_timeout`: rounded down, but at least 1, because 0 means no limit.
    var lockTimeoutMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
