import Foundation
import TestKit
import Testing

@testable import Postgres

/// A role's password is changed while a process runs.
struct PassfileTests {
    /// libpq reads the file at each connect: nothing is restarted. Sessions that are open go on.
    @Test func aNewPasswordIsTakenFromTheFileAtTheNextConnect() async throws {
        let server = try await TestPostgres.start()
        let folder = FileManager.default.temporaryDirectory.appending(path: "passfile-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "passfile").path
        try await onThread {
            let admin = try PostgresConnection(PostgresConfiguration(url: server.url(), applicationName: "tests"))
            try admin.execute("CREATE ROLE shop LOGIN PASSWORD 'first'")
            let rules = try admin.query("SHOW hba_file").string(0, 0)
            let others = try String(contentsOfFile: rules, encoding: .utf8)
            // Written in place: the file belongs to the server's user.
            let handle = try #require(FileHandle(forWritingAtPath: rules))
            try handle.write(contentsOf: Data("host all shop 127.0.0.1/32 scram-sha-256\n\(others)".utf8))
            try handle.close()
            try admin.execute("SELECT pg_reload_conf()")
            try Self.write("first", to: file)
            let shop = PostgresConfiguration(
                url: "postgresql://shop@127.0.0.1:\(server.port)/postgres?passfile=\(file)", applicationName: "tests")
            let open = try PostgresConnection(shop)
            try admin.setPassword("second", ofRole: "shop")
            // The server, and with it its log, never has the password itself.
            let stored: PostgresStatement = "SELECT rolpassword FROM pg_authid WHERE rolname = 'shop'"
            #expect(try admin.query(stored).string(0, 0).hasPrefix("SCRAM-SHA-256$"))
            #expect(throws: PostgresError.self) { try PostgresConnection(shop) }
            try Self.write("second", to: file)
            #expect(try PostgresConnection(shop).query("SELECT current_user").string(0, 0) == "shop")
            #expect(open.isAlive)
        }
    }

    /// libpq ignores a file that others may read.
    private static func write(_ password: String, to file: String) throws {
        try "*:*:*:shop:\(password)\n".write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }
}
