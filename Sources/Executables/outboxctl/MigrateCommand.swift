import ArgumentParser
import Postgres

/// Brings the database up to date.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Applies the migrations that the database lacks.",
        discussion: "Several may run at once; one works, the others find nothing to do.")

    @Option(help: "The folder with the V*.sql files.")
    var directory = "migrations"

    func run() throws {
        let runner = try MigrationRunner(directory: directory)
        let applied = try runner.migrate(Database.connect())
        print(applied.isEmpty ? "up to date" : applied.map { "applied \($0)" }.joined(separator: "\n"))
    }
}
