import Foundation
import Postgres
import TestKit
import Testing

final class MigrationRunnerTests {
    /// Removed at the end of the test.
    private let folder = FileManager.default.temporaryDirectory.appending(path: "migrations-\(UUID())")

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func directory(_ files: [String: String]) throws -> String {
        let path = folder.appending(path: "\(UUID())")
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        for (name, sql) in files { try sql.write(to: path.appending(path: name), atomically: true, encoding: .utf8) }
        return path.path
    }

    @Test func appliesInOrderAndOnlyOnce() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let files = try directory(["V0002__b.sql": "ALTER TABLE a ADD m int", "V0001__a.sql": "CREATE TABLE a (n int)"])
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            #expect(try MigrationRunner(directory: files).migrate(connection) == ["V0001__a.sql", "V0002__b.sql"])
            #expect(try MigrationRunner(directory: files).migrate(connection).isEmpty)
        }
    }

    @Test func refusesEditedAndMissingHistory() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let original = try directory(["V0001__a.sql": "CREATE TABLE a (n int)", "V0002__b.sql": "SELECT 1"])
        let edited = try directory(["V0001__a.sql": "CREATE TABLE a (n bigint)", "V0002__b.sql": "SELECT 1"])
        let missing = try directory(["V0001__a.sql": "CREATE TABLE a (n int)"])
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            _ = try MigrationRunner(directory: original).migrate(connection)
            let error = #expect(throws: PostgresError.self) {
                try MigrationRunner(directory: edited).migrate(connection)
            }
            #expect(error?.message.contains("V0001__a.sql") == true)
            #expect(throws: PostgresError.self) { try MigrationRunner(directory: missing).migrate(connection) }
        }
    }

    @Test func aFailingFileLeavesNothingAndNamesItself() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let files = try directory(["V0001__a.sql": "CREATE TABLE a (n int); SELECT nonsense"])
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            let error = #expect(throws: PostgresError.self) {
                try MigrationRunner(directory: files).migrate(connection)
            }
            #expect(error?.message.hasPrefix("V0001__a.sql") == true)
            #expect(try connection.query("SELECT count(*) FROM pg_class WHERE relname = 'a'").int64(0, 0) == 0)
        }
    }

    @Test func twoRunnersAtOnceApplyEachFileOnce() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let files = try directory(["V0001__a.sql": "CREATE TABLE a (n int); SELECT pg_sleep(0.2)"])
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await onThread {
                        let connection = try PostgresConnection(
                            PostgresConfiguration(url: url, applicationName: "tests"))
                        return try MigrationRunner(directory: files).migrate(connection).count
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(applied == 1)
    }

    @Test func badNamesAreRefused() throws {
        #expect(throws: PostgresError.self) { try MigrationRunner(directory: try directory(["V1_a.sql": ""])) }
        #expect(throws: PostgresError.self) {
            try MigrationRunner(directory: try directory(["V1__a.sql": "", "V01__b.sql": ""]))
        }
        #expect(throws: PostgresError.self) { try MigrationRunner(directory: try directory([:])) }
        #expect(throws: PostgresError.self) { try MigrationRunner(directory: "/nowhere") }
    }
}
