import Foundation
import OutboxAdoption
public import Postgres
import Synchronization
import Values

/// A private Postgres server on a free port. It ends with the test process.
///
/// fsync is off: a crash of the server process loses nothing that was written, only a crash of the machine would.
public final class TestPostgres: Sendable {
    /// On 127.0.0.1.
    public let port: Int
    private let helper: HelperProcess

    /// The server that all tests of a process share; each test uses a database of its own.
    public static var shared: TestPostgres {
        get async throws { try await sharedServer.value }
    }

    private static let sharedServer = Task { try await TestPostgres.start() }

    /// The URL of a fresh database with all migrations applied.
    public static func database() async throws -> String {
        try await TestDatabaseTemplate.shared.fresh()
    }

    /// The configuration of a connection to a fresh migrated database.
    public static func configuration() async throws -> PostgresConfiguration {
        PostgresConfiguration(url: try await database(), applicationName: "tests")
    }

    /// The URL of a fresh database without any tables.
    public static func emptyDatabase() async throws -> String {
        let server = try await shared
        return try await server.createDatabase()
    }

    /// Servers run to the end of the process: a test may keep a URL and let its server go.
    private static let started = Mutex<[TestPostgres]>([])

    /// Starts a server of its own, for a test that crashes it.
    public static func start() async throws -> TestPostgres {
        let server = try await onThread { try TestPostgres() }
        started.withLock { $0.append(server) }
        return server
    }

    private init() throws {
        port = try FreePort.next()
        let directory = try temporaryDirectory("outbox-pg")
        helper = try HelperProcess("/bin/bash", ["-c", TestPostgresScript.text, "test-postgres", directory, "\(port)"])
        try expect("ready", try helper.line())
    }

    /// The URL of a database, as the superuser `postgres`.
    public func url(database: String = "postgres") -> String {
        "postgresql://postgres@127.0.0.1:\(port)/\(database)"
    }

    /// Creates a database with a new name and returns its URL.
    public func createDatabase(template: String = "template0") async throws -> String {
        let name = "test_" + UUIDBytes.v7().description.filter { $0 != "-" }
        let configuration = PostgresConfiguration(url: url(), applicationName: "tests")
        try await onThread {
            try PostgresConnection(configuration).execute("CREATE DATABASE \(name) TEMPLATE \(template)")
        }
        return url(database: name)
    }

    /// Stops the server.
    public func stop(_ mode: StopMode) async throws {
        try await onThread { try self.command(mode.rawValue, answer: "stopped") }
    }

    /// Starts the stopped server again, on the same port.
    public func restart() async throws {
        try await onThread { try self.command("start", answer: "ready") }
    }

    /// Suspends all processes of the server: connections stay open and get no answers.
    public func freeze() async throws {
        try await onThread { try self.command("freeze", answer: "frozen") }
    }

    /// Resumes the processes after ``freeze()``.
    public func thaw() async throws {
        try await onThread { try self.command("thaw", answer: "thawed") }
    }

    /// The way in which a server stops.
    public enum StopMode: String, Sendable {
        /// Ends sessions cleanly.
        case fast
        /// A crash, with recovery at the next start.
        case immediate
    }

    private func command(_ line: String, answer: String) throws {
        try expect(answer, try helper.ask(line))
    }

    private func expect(_ answer: String, _ text: String) throws {
        guard text == answer else { throw TestFailure("the private Postgres said '\(text)' instead of '\(answer)'") }
    }
}

/// The migrated database from which fresh ones are copied: a copy takes milliseconds, the migrations take longer.
private actor TestDatabaseTemplate {
    static let shared = TestDatabaseTemplate()
    private var task: Task<String, any Error>?

    func fresh() async throws -> String {
        let name = try await templateName()
        return try await TestPostgres.shared.createDatabase(template: name)
    }

    private func templateName() async throws -> String {
        if let task { return try await task.value }
        let making = Task { try await Self.make() }
        task = making
        return try await making.value
    }

    private static func make() async throws -> String {
        let url = try await TestPostgres.shared.createDatabase()
        let configuration = PostgresConfiguration(url: url, applicationName: "tests")
        try await onThread {
            _ = try RelaySchemaUpgrade.migrate(directory: TestPaths.migrations, PostgresConnection(configuration))
        }
        return url.split(separator: "/").last.map(String.init) ?? ""
    }
}

/// The shell script that owns one private Postgres server.
///
/// It obeys lines on standard input and removes everything at the end of the input.
private enum TestPostgresScript {
    /// Arguments: data directory (made here, removed at the end), port. Answers each command with `ready`, `stopped`,
    /// `frozen` or `thawed`.
    static let text = #"""
        set -u
        dir=$1 port=$2
        bin=${TEST_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
        [ -n "$bin" ] || bin=$(dirname "$(command -v postgres || echo /postgres)")
        as=()
        if [ "$(id -u)" = 0 ]; then
            # Postgres refuses to run as root.
            as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
            chown postgres "$dir"
        fi
        cd "$dir" || exit 1
        # Some builds come without the extensions.
        preload=
        [ ! -e "$("$bin/pg_config" --pkglibdir 2>/dev/null)/pg_stat_statements.so" ] || preload=pg_stat_statements
        start() {
            "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s start -o "-p $port -h 127.0.0.1 \
                -c unix_socket_directories= -c fsync=off -c full_page_writes=off -c max_connections=300 \
                -c max_prepared_transactions=32 -c shared_buffers=64MB -c max_wal_size=256MB \
                -c shared_preload_libraries=$preload -c autovacuum_naptime=5s \
                -c log_min_messages=fatal" >/dev/null 2>&1 \
                && echo ready || { echo failed; tail -n 20 "$dir/log" >&2; }
        }
        stop() { "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m "$1" -w -t 60 -s stop >/dev/null 2>&1; }
        # All its processes, the postmaster first, so that no new child runs.
        signal() {
            local pid
            pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || return 0
            kill "-$1" "$pid" && kill "-$1" $(cat "/proc/$pid/task/$pid/children") 2>/dev/null
        }
        trap '' INT TERM
        if ! "${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync \
            >"$dir/initdb.log" 2>&1; then
            cat "$dir/initdb.log" >&2
            echo failed
        else
            start
            while read -r command; do
                case $command in
                    start) start ;;
                    freeze) signal STOP; echo frozen ;;
                    thaw) signal CONT; echo thawed ;;
                    *) stop "$command"; echo stopped ;;
                esac
            done
            signal CONT
            stop immediate
        fi
        cd / && rm -rf "$dir"
        """#
}
