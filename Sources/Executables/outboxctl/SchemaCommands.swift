import ArgumentParser
import OutboxAdoption

/// Brings the database up to date.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Applies the migrations, and the versions of the relay's schema, that the database lacks.",
        discussion: """
            For this project's own tables. Several may run at once; one works, the others find nothing to do.

            Example:
              outboxctl migrate --directory migrations
            """)

    @Option(help: "The folder with the V*.sql files.")
    var directory = "migrations"
    @OptionGroup var addresses: AddressOptions
    @OptionGroup var output: JSONOption

    func run() throws {
        let applied = try RelaySchemaUpgrade.migrate(
            directory: directory, Database.connect(as: "outboxctl migrate", keepsSession: true),
            as: SetUpDecision(caller: DeskOptions.caller, reason: "outboxctl migrate"))
        try AppliedChanges(applied: applied).printed(output)
    }
}

/// Brings the relay's schema of an adopted table up to date.
struct UpgradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Applies the versions that a relay's schema lacks, after a new release.",
        discussion: """
            For the schema of an adopted table; outboxctl migrate does the same for this project's own outbox, and \
            outboxctl adopt for a table that is adopted again. Run it as the schema's owner. The relay may run \
            meanwhile. Doing it twice changes nothing.

            Example:
              outboxctl upgrade --schema billing_relay
            """)

    @Option(help: "The schema of the relay, as in RELAY_SCHEMA.")
    var schema = "outbox_relay"
    @Flag(help: "Show what it lacks, and change nothing.")
    var dryRun = false
    @Option(help: "Why; it is recorded with your name.")
    var reason = "outboxctl upgrade"
    @OptionGroup var addresses: AddressOptions
    @OptionGroup var output: JSONOption

    func run() throws {
        let upgrade = RelaySchemaUpgrade(try Database.connect(as: "outboxctl upgrade"), schema: schema)
        if dryRun {
            let missing = try upgrade.missing()
            return try output.show(MissingVersions(missing: missing)) {
                print(missing.isEmpty ? "up to date" : missing.map { "lacks \($0)" }.joined(separator: "\n"))
            }
        }
        let decision = SetUpDecision(caller: DeskOptions.caller, reason: reason)
        try AppliedChanges(applied: try upgrade.apply(as: decision) { report($0) }).printed(output)
    }

    private struct MissingVersions: Encodable { var missing: [String] }
}
