import CLibPQ
import Glibc
import Logging
import Runtime
import Threads

extension PostgresConnection {
    private enum SessionColumn: Int { case backend, clock }

    /// Applies the settings, asks the server to notice a lost client as soon as this side notices a lost server, and
    /// compares the clocks, with one round trip.
    func beginSession() throws(PostgresError) {
        let settings = configuration.plans.settings + configuration.sessionSettings
        var script = settings.map { name, value in "SET \(name) = \(Self.quoteLiteral(value))" }
        if configuration.outlivesIdleTimeout, serverVersion >= 140_000 { script.append("SET idle_session_timeout = 0") }
        script.append(
            """
            SELECT pg_catalog.pg_backend_pid(), (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint
            \(configuration.preparesStatements ? serverSettings : "")
            """)
        let began = ContinuousClock.now
        let rows = try run(script.joined(separator: ";"))
        let now = WallClock.microsecondsSince1970
        guard let rows, let backend = Int32(rows.text(0, SessionColumn.backend.rawValue)),
            let clock = Int64(rows.text(0, SessionColumn.clock.rawValue))
        else { throw PostgresError(.decoding, "the server does not tell its clock") }
        compareClocks(server: clock, own: now, within: .now - began)
        isPooled = backend != backendPID
        if isPooled, configuration.refusesTransactionPooler, try PostgresPooler.isTransactionPooler(configuration) {
            throw PostgresError(.pooler, PostgresPooler.refusal)
        }
    }

    /// More columns of the first SELECT. A pooler would hand the settings on to other clients.
    private var serverSettings: String {
        var settings = [
            ("tcp_keepalives_idle", PostgresLimits.keepaliveIdleSeconds),
            ("tcp_keepalives_interval", PostgresLimits.keepaliveIntervalSeconds),
            ("tcp_keepalives_count", PostgresLimits.keepaliveCount),
            ("tcp_user_timeout", PostgresLimits.tcpUserTimeoutMilliseconds),
        ]
        if serverVersion >= 140_000 {
            settings.append(("client_connection_check_interval", PostgresLimits.clientCheckMilliseconds))
        }
        let calls = settings.map { name, value in "pg_catalog.set_config('\(name)', '\(value)', false)" }
        return ", CASE WHEN pg_catalog.pg_backend_pid() = \(backendPID) THEN \(calls.joined(separator: " || ")) END"
    }

    private func compareClocks(server: Int64, own: Int64, within roundTrip: Duration) {
        let comparison = ClockComparison(server: server, own: own, roundTrip: roundTrip)
        DatabaseHealth.clockCompared(comparison.skew)
        guard comparison.isWrong else { return }
        configuration.logger?.warning(
            "the clock of this machine and the clock of Postgres differ: correct the wrong one",
            metadata: ["postgres_is": "\(comparison)", "connection": "\(configuration.applicationName)"])
    }
}

// MARK: - Signs of life

extension PostgresConnection {
    /// Whether the server has closed the connection while it was idle, as far as its bytes have arrived. Asks nothing
    /// of the server. Not for a connection that listens: notifications that arrive are dropped.
    var isClosedByServer: Bool {
        takeStarted()
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        // The server's last words come before the end of the stream.
        while isUsable, PollLoop.wait(&descriptor, until: .now) == .ready {
            guard PQconsumeInput(handle) == 1 else { break }
            while let notification = PQnotifies(handle) { PQfreemem(notification) }
        }
        return !isUsable
    }

    /// Whether the connection can be used for another statement. Blocks for up to ``PostgresLimits/idleAnswerSeconds``,
    /// and asks the server only if that is in doubt: after a while without use, or when another connection to the same
    /// address was found dead since this one was used. Not inside a transaction, and not for a connection that listens.
    public var isAlive: Bool {
        if isClosedByServer { return false }
        let lastLoss = DeadPaths.lastLoss(of: configuration.url)
        let isIdle = .now - quietSince > .seconds(PostgresLimits.idleCheckSeconds)
        guard isIdle || lastLoss.map({ $0 > quietSince }) ?? false else { return true }
        do {
            try within(.seconds(PostgresLimits.idleAnswerSeconds), late: .seconds(PostgresLimits.idleAnswerSeconds)) {
                () throws(PostgresError) in try execute("SELECT 1")
            }
            return isUsable
        } catch {
            return false
        }
    }
}

/// The clock of the server beside the clock of this process.
struct ClockComparison: CustomStringConvertible {
    /// The server's clock minus our own, as far as the round trip lets it be known.
    let skew: Duration
    /// Whether the difference is more than the round trip explains and worth a warning.
    let isWrong: Bool

    /// - Parameters:
    ///   - server: microseconds since 1970, read at some moment of the round trip.
    ///   - own: microseconds since 1970, read at its end.
    init(server: Int64, own: Int64, roundTrip: Duration) {
        let doubt = roundTrip / 2
        skew = .microseconds(server - own) + doubt
        let distance = skew < .zero ? .zero - skew : skew
        isWrong = distance - doubt > .milliseconds(PostgresLimits.clockSkewMilliseconds)
    }

    var description: String {
        let tenths = Int(skew / .milliseconds(100))
        return "\(Double(abs(tenths)) / 10) s \(tenths < 0 ? "behind" : "ahead")"
    }
}

extension PostgresConnection {
    /// Asked after every commit. The outcome is as unknown as that of a lost connection: the transaction is committed
    /// here, and perhaps not on the synchronous standby.
    func requireStandby() throws(PostgresError) {
        guard standbyWait.isCancelled else { return }
        throw lost(.connection, "a commit's wait for the synchronous standby was cancelled: the standby may lack it")
    }
}
