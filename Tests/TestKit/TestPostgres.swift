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
    private let directory: String
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
        try await make([])
    }

    private static func make(_ origin: [String]) async throws -> TestPostgres {
        let server = try await onThread { try TestPostgres(origin) }
        started.withLock { $0.append(server) }
        return server
    }

    /// - Parameter origin: nothing for a new cluster; else the word `standby` or `backup` and the port of the server
    ///   that is copied.
    private init(_ origin: [String]) throws {
        port = try FreePort.next()
        directory = try temporaryDirectory("outbox-pg")
        helper = try HelperProcess(
            "/bin/bash", ["-c", TestPostgresScript.text, "test-postgres", directory, "\(port)"] + origin)
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

    /// A physical standby that follows this server by streaming replication and answers queries.
    public func makeStandby() async throws -> TestPostgres { try await Self.make(["standby", "\(port)"]) }

    /// A base backup of this server, not started.
    public func backUp() async throws -> TestPostgres { try await Self.make(["backup", "\(port)"]) }

    /// Makes a standby a primary of a new timeline; returns when it accepts writes.
    public func promote() async throws {
        try await onThread { try self.command("promote", answer: "promoted") }
    }

    /// Starts this stopped server as a standby of another one.
    public func follow(_ primary: TestPostgres) async throws {
        try await onThread { try self.command("follow \(primary.port)", answer: "ready") }
    }

    /// Starts this backup, with the log of its origin up to a restore point, as a primary of a new timeline.
    public func recover(to restorePoint: String, logOf origin: TestPostgres) async throws {
        try await onThread {
            try self.command("recover \(restorePoint) \(origin.directory)", answer: "ready")
            let connection = try PostgresConnection(
                PostgresConfiguration(url: self.url(), applicationName: "tests"))
            let isPrimary: PostgresStatement = "SELECT NOT pg_is_in_recovery(), pg_sleep(0.01)"
            let deadline = ContinuousClock.now + .seconds(60)
            while try !connection.query(isPrimary).bool(0, 0) {
                guard .now < deadline else { throw TestFailure("the restored server stays in recovery") }
            }
        }
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
    /// Arguments: data directory (made here, removed at the end), port, and for a copy `standby` or `backup` and the
    /// port of the server that is copied. Answers each command with `ready`, `stopped`, `frozen`, `thawed` or
    /// `promoted`.
    static let text = #"""
        set -u
        dir=$1 port=$2 origin=${3:-} source=${4:-}
        bin=${TEST_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
        [ -n "$bin" ] || bin=$(dirname "$(command -v postgres || echo /postgres)")
        as=()
        if [ "$(id -u)" = 0 ]; then
            # Postgres refuses to run as root.
            as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
            chown postgres "$dir"
        fi
        cd "$dir" || exit 1
        # Some builds come without the extensions. All tests share its table: at 5,000 statements, the default, those of
        # one test pushed those of another out.
        preload=
        [ ! -e "$("$bin/pg_config" --pkglibdir 2>/dev/null)/pg_stat_statements.so" ] || preload=pg_stat_statements
        start() {
            "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s start -o "-p $port -h 127.0.0.1 \
                -c unix_socket_directories= -c fsync=off -c full_page_writes=off -c max_connections=300 \
                -c max_prepared_transactions=32 -c shared_buffers=64MB -c max_wal_size=256MB \
                -c shared_preload_libraries=$preload ${preload:+-c pg_stat_statements.max=50000} \
                -c autovacuum_naptime=5s -c track_commit_timestamp=on \
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
        configure() { printf '%s\n' "$@" | "${as[@]}" tee -a "$dir/data/postgresql.auto.conf" >/dev/null; }
        # As a standby of the server on port $1.
        follow() {
            "${as[@]}" touch "$dir/data/standby.signal"
            configure "primary_conninfo = 'host=127.0.0.1 port=$1 user=postgres'"
            start
        }
        # Up to the restore point $1, with the log of the cluster in $2.
        recover() {
            cp "$2"/data/pg_wal/0* "$dir/data/pg_wal/" && [ "${#as[@]}" = 0 ] || chown -R postgres "$dir/data/pg_wal"
            "${as[@]}" touch "$dir/data/recovery.signal"
            configure "restore_command = 'false'" "recovery_target_name = '$1'" "recovery_target_action = 'promote'"
            start
        }
        make() {
            case $origin in
                '') "${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync ;;
                standby) copy -R ;;
                backup) copy ;;
            esac
        }
        copy() {
            "${as[@]}" "$bin/pg_basebackup" -D "$dir/data" -h 127.0.0.1 -p "$source" -U postgres -c fast -X stream \
                --no-sync "$@"
        }
        trap '' INT TERM
        if ! make >"$dir/initdb.log" 2>&1; then
            cat "$dir/initdb.log" >&2
            echo failed
        else
            if [ "$origin" = backup ]; then echo ready; else start; fi
            while read -r command words; do
                case $command in
                    start) start ;;
                    follow) follow $words ;;
                    recover) recover $words ;;
                    promote) "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -w -t 60 -s promote >/dev/null && echo promoted ;;
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
