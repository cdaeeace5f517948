import Foundation
import Outbox
import Postgres
import TestKit
import Testing
import Values

@testable import OutboxAdoption

/// The relay reads every outbox with the same statements: whichever way its schema was made, it must be the same.
@Suite struct RelaySchemaTests {
    /// What earlier releases made, see the files' headers.
    enum Fixture: String, CaseIterable, Sendable {
        case unversioned = "adopted-unversioned"
        case oldest = "adopted-oldest"

        /// Runs it: the parts are single statements, or transactions.
        func run(_ connection: PostgresConnection) throws {
            let path = TestPaths.root.appending(path: "Tests/OutboxAdoptionTests/Fixtures/\(rawValue).sql")
            let text = try String(contentsOf: path, encoding: .utf8)
            for part in text.split(separator: /\n-- \d+\. [^\n]*\n/).dropFirst() {
                try connection.execute(String(part))
            }
        }
    }

    @Test func anAdoptedSchemaIsLikeTheMigratedOne() async throws {
        let migrated = try await Self.migrated()
        #expect(migrated.count > 70)
        for schema in ["outbox_relay", "odd_relay"] {
            let outbox = try await ForeignOutbox()
            try await onThread {
                var options = outbox.options
                options.schema = schema
                _ = try Adoption(outbox.connect(), options).apply { _ in }
                try Self.expectSame(RelayCatalog.lines(outbox.connect(), schema: schema), migrated)
            }
        }
    }

    @Test(arguments: Fixture.allCases)
    func adoptingAgainUpgradesWhatAnEarlierReleaseMade(_ fixture: Fixture) async throws {
        let migrated = try await Self.migrated()
        let outbox = try await ForeignOutbox()
        try await onThread { try fixture.run(outbox.connect()) }
        #expect(try await outbox.adopt() == 1)
        #expect(try await outbox.adopt() == 0)
        try await onThread {
            let connection = try outbox.connect()
            try Self.expectSame(RelayCatalog.lines(connection, schema: "outbox_relay"), migrated)
            #expect(try RelaySchemaUpgrade(connection, schema: "outbox_relay").apply().isEmpty)
        }
    }

    @Test(arguments: Fixture.allCases)
    func anUpgradeAloneDoesTheSame(_ fixture: Fixture) async throws {
        let migrated = try await Self.migrated()
        let outbox = try await ForeignOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try fixture.run(connection)
            // What operators have built on the views stays.
            try connection.execute("CREATE VIEW app.waiting AS SELECT unpublished_rows FROM outbox_relay.outbox_state")
            let applied = try RelaySchemaUpgrade(connection, schema: "outbox_relay").apply()
            #expect(applied.count == (fixture == .oldest ? 7 : 6), "\(applied)")
            try Self.expectSame(RelayCatalog.lines(connection, schema: "outbox_relay"), migrated)
            #expect(try connection.query("SELECT unpublished_rows FROM app.waiting").int64(0, 0) == 0)
        }
        #expect(try await outbox.adopt() == 0)
    }

    /// A database that ran the last release before there were versions, with grants on its views.
    @Test func aDatabaseOfAnEarlierReleaseIsMigratedToTheSame() async throws {
        let migrated = try await Self.migrated()
        let url = try await TestPostgres.emptyDatabase()
        let folder = FileManager.default.temporaryDirectory.appending(path: "migrations-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: TestPaths.migrations) where name < "V0008" {
            try FileManager.default.copyItem(
                at: URL(filePath: TestPaths.migrations).appending(path: name), to: folder.appending(path: name))
        }
        let earlier = folder.path
        let role = "viewer_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            #expect(try MigrationRunner(directory: earlier).migrate(connection).count == 7)
            try connection.execute("CREATE ROLE \(role); GRANT SELECT ON outbox_state TO \(role)")
            let applied = try RelaySchemaUpgrade.migrate(directory: TestPaths.migrations, connection)
            #expect(applied.count == 10, "\(applied)")
            #expect(try RelaySchemaUpgrade.migrate(directory: TestPaths.migrations, connection).isEmpty)
            try connection.execute("REVOKE ALL ON outbox_relay.outbox_state FROM \(role)")
            let lines = try RelayCatalog.lines(connection, schema: "outbox_relay").map {
                $0.hasPrefix("grants outbox_state ") ? "grants outbox_state " : $0
            }
            Self.expectSame(lines, migrated)
            try connection.execute("SET ROLE \(role)")
            let seen = try connection.query("SELECT unpublished_rows, current_leaf FROM outbox_state")
            #expect(try seen.int64(0, 0) == 0)
            #expect(try seen.int64(0, 1) == 0)
        }
    }

    /// The files of `migrations/` that were released are history.
    @Test func releasedMigrationsStayAsTheyAre() async throws {
        let configuration = try await TestPostgres.configuration()
        let checksums = try await onThread {
            let rows = try PostgresConnection(configuration).query(
                "SELECT left(checksum, 16) FROM schema_migration WHERE version <= 7 ORDER BY version")
            return try (0..<rows.count).map { try rows.string($0, 0) }
        }
        #expect(checksums == Self.released)
    }

    /// Every file of the folder is a version without a gap, or one of the three that have none.
    @Test func everyFileIsUsed() throws {
        let folder = TestPaths.root.appending(path: "Sources/Relay/OutboxAdoption/Schema").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let versions = RelaySchema.versions.map { version in
            "relay_" + String(repeating: "0", count: 4 - "\(version.number)".count)
                + "\(version.number)_\(version.name).sql"
        }
        #expect(RelaySchema.versions.map(\.number) == Array(1...RelaySchema.newest))
        #expect(files == versions + ["schema_version.sql", "source_view.sql", "wake_trigger.sql"])
    }

    /// Names that end a quotation, or look like a placeholder.
    @Test(arguments: [#"we"ird 'relay'"#, ":schema :outbox"])
    func anyNameOfASchemaWillDo(_ schema: String) async throws {
        let outbox = try await ForeignOutbox()
        try await onThread {
            var options = outbox.options
            options.schema = schema
            _ = try Adoption(outbox.connect(), options).apply { _ in }
            #expect(try Adoption(outbox.connect(), options).apply { _ in } == 0)
            try outbox.connect().insertForeign("a", 0)
        }
        #expect(try await outbox.relays(1) { $0.schema = schema })
    }

    @Test func aSchemaOfANewerReleaseIsLeftAlone() async throws {
        let outbox = try await ForeignOutbox()
        try await outbox.adopt()
        try await outbox.execute("INSERT INTO outbox_relay.schema_version (version, name) VALUES (99, 'later')")
        #expect(try await outbox.refusal().contains("the schema outbox_relay has version 99"))
        await #expect(throws: OutboxError.self) {
            try await onThread { _ = try RelaySchemaUpgrade(outbox.connect(), schema: "outbox_relay").apply() }
        }
    }

    private static func migrated() async throws -> [String] {
        let configuration = try await TestPostgres.configuration()
        return try await onThread {
            try RelayCatalog.lines(PostgresConnection(configuration), schema: "outbox_relay")
        }
    }

    private static func expectSame(_ found: [String], _ wanted: [String]) {
        let missing = wanted.filter { !found.contains($0) }
        let extra = found.filter { !wanted.contains($0) }
        #expect(missing.isEmpty && extra.isEmpty, "missing \(missing), extra \(extra)")
    }

    private static let released: [String] = [
        "1b2e84d3b151e553", "e3f8e5431b84fecf", "b84ddcb56d4d08e5", "230c3e66222d86d5",
        "85a4e232e0593101", "a6d0ccab7f15d78f", "0eb91a864647e2a1",
    ]
}
