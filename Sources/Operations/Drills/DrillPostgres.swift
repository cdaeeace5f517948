import Glibc
import Postgres
import Threads

/// The server of a drill: a private one of Debian's binaries, as a child of the drill, or a database on a given server.
final class DrillPostgres {
    /// How a private server is made.
    struct Shape {
        /// What its commands begin with, to see a file system of their own.
        var prefix: [String] = []
        /// Where its files are; nil for a folder of the drill.
        var directory: String?
        var environment: [String: String] = [:]
        /// Of initdb.
        var options: [String] = []
        /// Settings besides the usual ones.
        var settings: [String] = []
        /// The port of the server that it is a copy of, as a standby.
        var primary: Int?
    }

    private let shape: Shape
    private let directory: String
    private let log: String
    private let port: Int
    private var process: ChildProcess?
    /// Where services find it, with its standby.
    private var address: DatabaseAddress
    /// The database of the drill.
    private let database: String
    private let isGiven: Bool
    private var isEnded = false

    /// The newest binaries of this machine.
    static func programs() throws -> String {
        let parent = "/usr/lib/postgresql"
        guard let folder = opendir(parent) else { throw DrillError("there is no Postgres in \(parent)") }
        defer { closedir(folder) }
        var newest: Int?
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let version = Int(name), access("\(parent)/\(version)/bin/initdb", X_OK) == 0 {
                newest = max(version, newest ?? 0)
            }
        }
        guard let newest else { throw DrillError("there are no server programs in \(parent)/*/bin") }
        return "\(parent)/\(newest)/bin"
    }

    /// Makes and starts a private server, without the drill's database.
    init(in folder: String, _ name: String = "postgres", _ shape: Shape = Shape()) throws {
        (self.shape, isGiven, database) = (shape, false, "outbox")
        port = try FreePorts.next()
        address = try DatabaseAddress("postgresql://postgres@127.0.0.1:\(port)/")
        directory = shape.directory ?? "\(folder)/\(name)"
        log = "\(folder)/\(name).log"
        if shape.directory == nil {
            guard mkdir(directory, 0o700) == 0 else { throw SystemError("cannot make \(directory)") }
            try Self.give(directory)
        }
        let making = try run("make", shape.primary.map { try copy(of: $0) } ?? fresh())
        guard try making.exit(within: DrillLimits.startSeconds) == 0 else {
            throw DrillError("\(name) could not be made, see \(log)")
        }
        try start()
    }

    /// Takes a given server, on which the drill gets a database of its own.
    init(given url: String, _ database: String) throws {
        (shape, isGiven, self.database) = (Shape(), true, database)
        (directory, log, port) = ("", "", 0)
        address = try DatabaseAddress(url)
        givenURL = url
    }

    /// As it was given, to make the drill's database.
    private var givenURL = ""

    /// Postgres refuses to run as root.
    private static let user =
        geteuid() == 0 ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []

    /// Lets the user of the server have a folder.
    static func give(_ folder: String) throws {
        guard geteuid() == 0, let postgres = getpwnam("postgres") else { return }
        guard chown(folder, postgres.pointee.pw_uid, postgres.pointee.pw_gid) == 0 else {
            throw SystemError("cannot give \(folder) to postgres")
        }
    }

    // MARK: Commands

    private func fresh() throws -> [String] {
        [
            try Self.programs() + "/initdb", "-D", directory, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--no-locale", "--no-sync",
        ] + shape.options
    }

    private func copy(of primary: Int) throws -> [String] {
        [
            try Self.programs() + "/pg_basebackup", "-D", directory, "-d",
            "host=127.0.0.1 port=\(primary) user=postgres application_name=standby", "-c", "fast", "-X", "stream",
            "--no-sync", "-R",
        ]
    }

    private func run(_ name: String, _ command: [String]) throws -> ChildProcess {
        let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"].merging(shape.environment) { $1 }
        let words = command + (name == "postgres" ? shape.settings.flatMap { ["-c", $0] } : [])
        guard !shape.prefix.isEmpty else {
            return try ChildProcess(name, words, environment: environment, log: log, as: Self.user)
        }
        // The namespace is entered as root; the user is changed inside.
        let inside = ["/usr/bin/setpriv"] + Self.user + ["--pdeathsig", "KILL", "--"] + words
        return try ChildProcess(name, shape.prefix + inside, environment: environment, log: log)
    }

    /// Starts it and waits until it accepts connections.
    func start() throws {
        try launch()
        try Patience.until("the start of Postgres") {
            guard isRunning else { throw DrillError("Postgres ended, see \(log)") }
            return (try? ownConnection()) != nil
        }
    }

    /// Waits until it accepts connections; starts it if it has ended itself.
    func startIfNeeded() throws {
        try Patience.until("Postgres to accept connections") {
            if !isRunning { try launch() }
            return (try? ownConnection()) != nil
        }
    }

    private func launch() throws {
        try verifyIsOurs()
        process = try run(
            "postgres",
            [
                try Self.programs() + "/postgres", "-D", directory, "-p", "\(port)", "-h", "127.0.0.1", "-c",
                "unix_socket_directories=", "-c", "fsync=off", "-c", "max_prepared_transactions=8", "-c",
                "max_connections=60", "-c", "shared_buffers=64MB", "-c", "autovacuum_naptime=5s", "-c",
                "max_wal_size=64MB",
            ])
    }

    private func verifyIsOurs() throws {
        guard !isGiven else { throw DrillError("a given server is not stopped or started") }
    }

    // MARK: Connections

    /// Of the drill's database, for services and checks.
    ///
    /// - Parameters:
    ///   - hosts: where it is asked; nil for the server itself.
    ///   - role: of a private server; nil for the usual one.
    func url(_ hosts: String? = nil, as role: String? = nil) -> String {
        var address = address
        address.hosts = hosts ?? address.hosts
        return address.url(database, as: role)
    }

    /// `host:port,…`
    var hosts: String { address.hosts }

    func configuration() -> PostgresConfiguration {
        PostgresConfiguration(url: url(), applicationName: "outbox drill")
    }

    /// A connection to the drill's database.
    func connect() throws -> PostgresConnection { try PostgresConnection(configuration()) }

    /// A connection to this server, whatever it is.
    private func ownConnection() throws -> PostgresConnection {
        let url = isGiven ? givenURL : "postgresql://postgres@127.0.0.1:\(port)/postgres"
        return try PostgresConnection(PostgresConfiguration(url: url, applicationName: "outbox drill"))
    }

    /// Runs statements in the server's own database.
    func execute(_ sql: String) throws { try ownConnection().execute(sql) }

    /// Makes the drill's database, if there is no such one.
    ///
    /// - Parameter tablespace: of the server; nil for the usual one.
    func makeDatabase(in tablespace: String? = nil) throws {
        try execute("CREATE DATABASE \(database) \(tablespace.map { "TABLESPACE \($0)" } ?? "")")
    }

    // MARK: Faults

    var isRunning: Bool { process?.isRunning == true }

    /// A crash: all its processes end at once, and the next start recovers.
    func crash() throws {
        try verifyIsOurs()
        process?.signal(SIGQUIT)
        try process?.exit()
    }

    /// Stops all its processes, the postmaster first, so that it starts no other; the end of `body` lets them go on.
    func frozen(_ body: () throws -> Void) throws {
        guard let pid = process?.pid else { return }
        kill(pid, SIGSTOP)
        let children = try Self.children(of: pid)
        for child in children { kill(child, SIGSTOP) }
        defer { for child in [pid] + children { kill(child, SIGCONT) } }
        try body()
    }

    private static func children(of pid: pid_t) throws -> [pid_t] {
        guard let file = fopen("/proc/\(pid)/task/\(pid)/children", "r") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
    }

    /// A standby that has everything that is acknowledged; from now on services find both.
    func makeStandby(in folder: String) throws -> DrillPostgres {
        let standby = try DrillPostgres(in: folder, "standby", Shape(primary: port))
        try set("synchronous_standby_names", "'standby'")
        let both = try DatabaseAddress(
            "postgresql://postgres@127.0.0.1:\(port),127.0.0.1:\(standby.port)/?target_session_attrs=read-write")
        (address, standby.address) = (both, both)
        return standby
    }

    /// Makes a standby the primary.
    func promote() throws { try execute("SELECT pg_promote(true, \(DrillLimits.startSeconds))") }

    /// Changes a setting of the running server.
    func set(_ setting: String, _ value: String) throws {
        try execute("ALTER SYSTEM SET \(setting) = \(value)")
        try execute("SELECT pg_reload_conf()")
    }

    /// Undoes ``set(_:_:)``.
    func reset(_ settings: [String]) throws {
        for setting in settings { try execute("ALTER SYSTEM RESET \(setting)") }
        try execute("SELECT pg_reload_conf()")
    }

    deinit { end() }

    /// Ends a private server, or removes the drill's database from a given one.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        guard !isGiven else {
            try? execute("DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
            return
        }
        process?.signal(SIGQUIT)
        _ = try? process?.exit()
    }
}
