import OutboxAdoption
import Postgres

/// The migrated database that fresh ones are copied from: a copy takes milliseconds, the migrations take longer.
actor TestDatabaseTemplate {
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
