import Glibc
import Postgres
import Threads

/// A private Postgres server of Debian's binaries, as a child of the drill.
final class DrillPostgres {
    let port: Int
    private let directory: String
    private let log: String
    private var process: ChildProcess?

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

    /// Postgres refuses to run as root.
    private static var user: [String] {
        geteuid() == 0 ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
    }

    init(in folder: String) throws {
        port = try FreePorts.next()
        directory = folder + "/postgres"
        log = folder + "/postgres.log"
        guard mkdir(directory, 0o700) == 0 else { throw SystemError("cannot make \(directory)") }
        if geteuid() == 0, let postgres = getpwnam("postgres") {
            guard chown(directory, postgres.pointee.pw_uid, postgres.pointee.pw_gid) == 0 else {
                throw SystemError("cannot give \(directory) to postgres")
            }
        }
        let making = try ChildProcess(
            "initdb",
            [
                try Self.programs() + "/initdb", "-D", directory, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--no-locale", "--no-sync",
            ], environment: Self.environment, log: log, as: Self.user)
        guard try making.exit(within: DrillLimits.startSeconds) == 0 else {
            throw DrillError("initdb failed, see \(log)")
        }
        try start()
    }

    private static let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]

    /// Starts it and waits until it accepts connections.
    func start() throws {
        process = try ChildProcess(
            "postgres",
            [
                try Self.programs() + "/postgres", "-D", directory, "-p", "\(port)", "-h", "127.0.0.1", "-c",
                "unix_socket_directories=", "-c", "fsync=off", "-c", "max_prepared_transactions=8", "-c",
                "max_connections=60", "-c", "shared_buffers=64MB", "-c", "autovacuum_naptime=5s",
            ], environment: Self.environment, log: log, as: Self.user)
        try Patience.until("the start of Postgres") {
            guard process?.isRunning == true else { throw DrillError("Postgres ended, see \(log)") }
            return (try? connect("postgres")) != nil
        }
    }

    func url(_ database: String = "outbox", as role: String = "postgres") -> String {
        "postgresql://\(role)@127.0.0.1:\(port)/\(database)"
    }

    func configuration(_ database: String = "outbox") -> PostgresConfiguration {
        PostgresConfiguration(url: url(database), applicationName: "outbox drill")
    }

    func connect(_ database: String = "outbox") throws -> PostgresConnection {
        try PostgresConnection(configuration(database))
    }

    /// A crash: all its processes end at once, and the next start recovers.
    func crash() throws {
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

    func end() {
        process?.signal(SIGQUIT)
        _ = try? process?.exit()
    }
}
