import ArgumentParser
import Outbox

/// `outbox-relay role`: prints the SQL of a role that can do what a relay does and no more.
struct RoleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox-relay role",
        abstract: "Prints the SQL that makes a role with the least privileges a relay needs.",
        discussion: """
            The relay's schema must be there: adopt the table first. Printing changes nothing; pipe it into psql \
            -v ON_ERROR_STOP=1, as the owner of the relay's schema. Without CREATEROLE, have somebody create the role before.
            """)

    @Option(help: "The role's name.")
    var name: String
    @Option(help: "The relay's schema, as in RELAY_SCHEMA.")
    var schema = "outbox_relay"

    func run() throws {
        print(try RelayRole(named: name, CommandDatabase.connect("role"), schema: schema).script, terminator: "")
    }
}
