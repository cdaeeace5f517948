import Foundation
public import Postgres
import Values

/// A private Postgres server on a free port, gone when the test process is gone.
///
/// fsync is off: a crash of the server process loses nothing that was written, only a crash of the machine would.
public final class TestPostgres: Sendable {
    public let port: Int
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    /// The server that all tests of a process share; each test takes a database of its own.
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

    /// Starts a server of one's own, for tests that crash it.
    public static func start() async throws -> TestPostgres {
        try await onThread { try TestPostgres() }
    }

    private init() throws {
        let pattern = FileManager.default.temporaryDirectory.appending(path: "outbox-pg-XXXXXX").path
        var template = pattern.utf8CString.map { $0 }
        guard let made = mkdtemp(&template) else { throw TestFailure("mkdtemp failed: errno \(errno)") }
        port = try FreePort.next()
        let input = Pipe()
        let output = Pipe()
        process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", TestPostgresScript.text, "test-postgres", String(cString: made), "\(port)"]
        process.standardInput = input
        process.standardOutput = output
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
        try process.run()
        try expect("ready")
    }

    public func url(database: String = "postgres") -> String {
        "postgresql://postgres@127.0.0.1:\(port)/\(database)"
    }

    public func createDatabase(template: String = "template0") async throws -> String {
        let name = "test_" + UUIDBytes.v7().description.filter { $0 != "-" }
        let configuration = PostgresConfiguration(url: url(), applicationName: "tests")
        try await onThread {
            try PostgresConnection(configuration).execute("CREATE DATABASE \(name) TEMPLATE \(template)")
        }
        return url(database: name)
    }

    /// Stops the server: `fast` ends sessions cleanly, `immediate` is a crash with recovery at the next start.
    public func stop(_ mode: StopMode) async throws {
        try await onThread { try self.command(mode.rawValue, answer: "stopped") }
    }

    public func restart() async throws {
        try await onThread { try self.command("start", answer: "ready") }
    }

    /// Stops all its processes in their tracks: connections stay open and nobody answers.
    public func freeze() async throws {
        try await onThread { try self.command("freeze", answer: "frozen") }
    }

    /// Lets them go on after ``freeze()``.
    public func thaw() async throws {
        try await onThread { try self.command("thaw", answer: "thawed") }
    }

    public enum StopMode: String, Sendable { case fast, immediate }

    private func command(_ line: String, answer: String) throws {
        try input.write(contentsOf: Data((line + "\n").utf8))
        try expect(answer)
    }

    private func expect(_ answer: String) throws {
        var line: [UInt8] = []
        while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        let text = String(decoding: line, as: UTF8.self)
        guard text == answer else { throw TestFailure("the private Postgres said '\(text)' instead of '\(answer)'") }
    }
}
