import Logging
import Runtime
import Synchronization
import TestKit
import Testing
import Threads

@testable import Postgres

/// Connections that are open and dead: a firewall or a proxy forgot them and swallows every packet.
struct DeadConnectionTests {
    private static let quick = Duration.milliseconds(300)

    private func proxied(
        _ body: @escaping @Sendable (TestProxy, PostgresConfiguration) throws -> Void
    ) async throws {
        let (proxy, url) = try await TestPostgres.proxied(try await TestPostgres.emptyDatabase())
        var configuration = PostgresConfiguration(url: url, applicationName: "tests")
        configuration.statementDeadline = Self.quick
        let made = configuration
        try await onThread { try body(proxy, made) }
    }

    @Test(arguments: [TestProxy.Direction.toServer, .toClient, .both])
    func aStatementOnADeadConnectionEndsAtItsDeadline(_ direction: TestProxy.Direction) async throws {
        try await proxied { proxy, configuration in
            let connection = try PostgresConnection(configuration)
            proxy.swallowExisting(direction)
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(error?.code == .deadline)
            #expect(!connection.isUsable)
            // New connections work.
            _ = try PostgresConnection(configuration).query("SELECT 1")
        }
    }

    @Test func anAnswerThatStopsInTheMiddleEndsAtItsDeadline() async throws {
        try await proxied { proxy, configuration in
            let connection = try PostgresConnection(configuration)
            proxy.swallowAfter(bytes: 1_000_000)
            let error = #expect(throws: PostgresError.self) {
                try connection.query("SELECT n, repeat('x', 100) FROM generate_series(1, 100000) AS n")
            }
            #expect(error?.code == .deadline)
            #expect(proxy.swallows == 1)
        }
    }

    @Test func aCommitWhoseAnswerIsSwallowedHasAnUnknownOutcome() async throws {
        try await proxied { proxy, configuration in
            let connection = try PostgresConnection(configuration)
            try connection.execute("CREATE TABLE t (n int8)")
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction {
                    try connection.execute("INSERT INTO t VALUES (1)")
                    proxy.set(.swallowAnswer)
                }
            }
            #expect(error?.isConnectionLost == true)
            // The server did commit.
            #expect(try PostgresConnection(configuration).query("SELECT count(*) FROM t").int64(0, 0) == 1)
        }
    }

    /// Its time counts from the last byte: the whole answer takes several times the deadline.
    @Test func anAnswerThatKeepsComingHasNoDeadline() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            var configuration = PostgresConfiguration(url: url, applicationName: "tests")
            configuration.statementDeadline = .seconds(2)
            let rows = try PostgresConnection(configuration).query(
                """
                SELECT string_agg(md5(n::text || i::text), ''), pg_sleep(0.3)::text FROM generate_series(1, 10) AS n
                CROSS JOIN LATERAL generate_series(1, 1000) AS i GROUP BY n
                """)
            #expect(rows.count == 10)
        }
    }

    @Test func anotherThreadSeesTheSilenceAndEndsIt() async throws {
        let direct = try await TestPostgres.emptyDatabase()
        let (proxy, url) = try await TestPostgres.proxied(direct)
        var configuration = PostgresConfiguration(url: url, applicationName: "tests")
        configuration.statementDeadline = nil
        let made = configuration
        let opened = Opened()
        async let statement: PostgresError? = onThread {
            let connection = try PostgresConnection(made)
            #expect(connection.silence.since == nil)
            proxy.swallowExisting()
            opened.silence.withLock { $0 = connection.silence }
            return #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
        }
        try await onThread {
            let observer = try PostgresConnection(PostgresConfiguration(url: direct, applicationName: "observer"))
            while true {
                if let silence = opened.silence.withLock({ $0 }), let since = silence.since {
                    // A silence that is over is not ended again.
                    silence.hangUp(silentSince: since - .seconds(1))
                    silence.hangUp(silentSince: since)
                    return
                }
                try observer.execute("SELECT pg_sleep(0.01)")
            }
        }
        #expect(try await statement?.code == .connection)
    }

    @Test func aLateStatementIsNamedOnceInLogAndMetric() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            let lines = Lines()
            var configuration = PostgresConfiguration(url: url, applicationName: "late tests")
            configuration.lateAfter = .milliseconds(100)
            configuration.logger = Logger(label: "test") { _ in
                LineCollector(lines: { line in lines.all.withLock { $0.append(line) } })
            }
            let connection = try PostgresConnection(configuration)
            let before = DatabaseHealth.lateStatements
            try connection.query("SELECT pg_sleep(0.5)")
            #expect(DatabaseHealth.lateStatements > before)
            #expect(lines.all.withLock { $0 }.filter { $0.contains("does not answer in time") }.count == 1)
            #expect(connection.isUsable)
        }
    }

    /// A host that is off takes no connection and refuses none.
    @Test func aHostThatIsSilentIsFollowedByTheNext() async throws {
        let server = try await TestPostgres.shared
        let silent = try TestProxy(target: server.port)
        silent.swallowNew(.both)
        let port = server.port
        try await onThread {
            var configuration = PostgresConfiguration(
                url: "postgresql://postgres@127.0.0.1:\(silent.port),127.0.0.1:\(port)/postgres",
                applicationName: "tests")
            configuration.connectTimeout = Self.quick
            let connection = try PostgresConnection(configuration)
            #expect(try connection.query("SELECT inet_server_port()").int32(0, 0) == Int32(port))
            configuration.url = "postgresql://postgres@127.0.0.1:\(silent.port),127.0.0.1:\(silent.port)/postgres"
            let refused = configuration
            let error = #expect(throws: PostgresError.self) { try PostgresConnection(refused) }
            #expect(error?.code == .deadline)
        }
    }

    @Test func theURLOverridesTheLimitsOfTCPAndOfTheConnect() throws {
        let url = "postgresql://a:1,b/d?tcp_user_timeout=1&connect_timeout=7&application_name=mine"
        let words = PostgresConfiguration(url: url, applicationName: "tests").keywords().map(\.0)
        let urlAt = try #require(words.firstIndex(of: "dbname"))
        for name in ["tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"] {
            #expect(try #require(words.firstIndex(of: name)) < urlAt, "libpq takes the last value of \(name)")
        }
        #expect(try #require(words.firstIndex(of: "application_name")) > urlAt)
        let address = PostgresAddress(url)
        #expect(address.connectTimeout == .seconds(7))
        #expect(address.hosts == [PostgresHost(name: "a", port: "1"), PostgresHost(name: "b", port: "5432")])
        #expect(
            PostgresAddress("postgresql://a,b/d?port=7").hosts
                == [PostgresHost(name: "a", port: nil), PostgresHost(name: "b", port: nil)])
        #expect(PostgresAddress("postgresql://a,b/d?target_session_attrs=prefer-standby").hosts == [])
        #expect(PostgresAddress("postgresql://a/d").hosts == [])
    }

    @Test func theServerLooksForItsClientAsWell() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            let settings = try connection.query(
                """
                SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout'),
                       current_setting('client_connection_check_interval')
                """)
            #expect(try settings.string(0, 0) == "\(PostgresLimits.keepaliveIdleSeconds)")
            #expect(try settings.string(0, 1) == "\(PostgresLimits.tcpUserTimeoutMilliseconds)")
            #expect(try settings.string(0, 2) == "5s")
        }
    }

    /// The idle connection of a pool is found dead before it is used, or by its first read.
    @Test func readsOfAPoolAreRepeatedOnceOnAFreshConnection() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let (proxy, proxied) = try await TestPostgres.proxied(url)
        let pool = try PostgresPool(PostgresConfiguration(url: proxied, applicationName: "tests"), size: 1)
        let pid = try await pool.reading { try $0.query("SELECT pg_backend_pid()").int32(0, 0) }
        try await onThread {
            try PostgresConnection(PostgresConfiguration(url: url, applicationName: "killer")).execute(
                "SELECT pg_terminate_backend(\(pid), 10000)")
        }
        let next = try await pool.reading { try $0.query("SELECT pg_backend_pid()").int32(0, 0) }
        #expect(next != pid)
        // The connection breaks in the middle of a read.
        proxy.set(.cutInsteadOfAnswer(thenRefuse: false))
        #expect(try await pool.reading { try $0.query("SELECT 1::int8").int64(0, 0) } == 1)
        #expect(proxy.cuts == 1)
        await pool.close()
    }

    /// One connection was found dead: the others are asked before they are used, so that no statement is lost on them.
    @Test func afterOneDeadConnectionTheOthersAreCheckedBeforeTheyAreUsed() async throws {
        try await proxied { proxy, configuration in
            var patient = configuration
            patient.statementDeadline = .seconds(600)
            let (one, other) = (PostgresSession(configuration), PostgresSession(patient))
            let first = try other.connection().query("SELECT pg_backend_pid()").int32(0, 0)
            let doomed = try one.connection()
            proxy.swallowExisting()
            #expect(throws: PostgresError.self) { try doomed.query("SELECT 1") }
            let next = try other.connection().query("SELECT pg_backend_pid()").int32(0, 0)
            #expect(next != first)
            // A connection that answers is kept.
            #expect(try other.connection().query("SELECT pg_backend_pid()").int32(0, 0) == next)
        }
    }

    @Test func onlyADifferenceThatTheRoundTripDoesNotExplainIsReported() {
        let second: Int64 = 1_000_000
        #expect(ClockComparison(server: 5 * second, own: 5 * second + 100, roundTrip: .zero).isWrong == false)
        #expect(ClockComparison(server: 8 * second, own: 5 * second, roundTrip: .milliseconds(10)).isWrong)
        #expect(ClockComparison(server: 2 * second, own: 5 * second, roundTrip: .milliseconds(10)).isWrong)
        #expect(ClockComparison(server: 2 * second, own: 5 * second, roundTrip: .seconds(6)).isWrong == false)
        let ahead = ClockComparison(server: 8 * second, own: 5 * second, roundTrip: .zero)
        #expect(ahead.skew == .seconds(3))
        #expect(ahead.description == "3.0 s ahead")
    }
}

// MARK: - Statements without a deadline

extension DeadConnectionTests {
    private static let bounds = PostgresWatch.Bounds(
        after: .milliseconds(100), look: .milliseconds(50), answer: .seconds(2), patience: .milliseconds(500))

    /// A connection without a deadline through the proxy, and its watch.
    private func watched(
        _ body: @escaping @Sendable (TestProxy, PostgresConnection) throws -> Void
    ) async throws {
        try await proxied { proxy, configuration in
            var patient = configuration
            patient.statementDeadline = nil
            let connection = try PostgresConnection(patient)
            let watch = try PostgresWatch(connection, Self.bounds)
            try body(proxy, connection)
            withExtendedLifetime(watch) {}
        }
    }

    /// The proxy holds the connection open, so the kernel notices nothing.
    @Test(arguments: [TestProxy.Direction.toServer, .toClient])
    func aStatementWithoutADeadlineEndsWhenPostgresWaitsForItsClient(_ direction: TestProxy.Direction) async throws {
        try await watched { proxy, connection in
            proxy.swallowExisting(direction)
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(error?.code == .connection)
        }
    }

    /// Longer than the bounds of the watch together.
    @Test func aStatementThatWorksOrWaitsForALockIsLeftAlone() async throws {
        try await watched { _, connection in
            try connection.query("SELECT pg_sleep(1.5)")
            #expect(connection.isUsable)
        }
    }

    /// Postgres is away for good: nobody can be asked.
    @Test func aStatementWithoutADeadlineEndsWhenNobodyCanBeAsked() async throws {
        try await watched { proxy, connection in
            proxy.swallowExisting()
            proxy.set(.refuse)
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(error?.code == .connection)
        }
    }

    @Test func aConnectionIsWatchedWhereItIsConfigured() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            var configuration = PostgresConfiguration(url: url, applicationName: "watched")
            configuration.statementDeadline = nil
            configuration.watchesSilence = true
            let one = try PostgresConnection(configuration).query("SELECT 1::int8").int64(0, 0)
            #expect(one == 1)
        }
    }
}

private final class Opened: Sendable {
    let silence = Mutex<PostgresSilence?>(nil)
}

private final class Lines: Sendable {
    let all = Mutex<[String]>([])
}

/// Hands every line of a log to a closure.
private struct LineCollector: LogHandler {
    let lines: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(lines: @escaping @Sendable (String) -> Void) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines(event.message.description) }
}
