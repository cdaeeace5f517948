import ArgumentParser
import Operations
import OutboxAdoption
import Postgres
import Runtime

/// Prints, or runs, the SQL of roles with the least privileges.
struct RoleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role",
        abstract: "Prints, or with --apply runs, the SQL that makes roles with the least privileges.",
        discussion: """
            One role for each service, and for operators who look (reader) or act as well (operator). None of them may \
            change or delete an event, and only the relay's moves the checkpoint. migrate, adopt, upgrade, rebase and \
            role itself are the owner's.

            The tables must be there: migrate, or adopt, first; and do it again after each migrate or upgrade, for \
            tables that are new. Run it as the owner of the tables. Without CREATEROLE, have the roles created before. \
            Doing it twice does no harm. With --apply, ROLE_PASSWORD (or ROLE_PASSWORD_FILE) becomes the password of \
            each role; it is sent as a SCRAM secret only.

            Examples:
              outboxctl role --name relay --schema billing_relay | psql -v ON_ERROR_STOP=1
              outboxctl role --for all --name outbox --apply    # outbox_server, outbox_projector, ...
            """)

    @Option(help: "The role's name; for several roles, what their names begin with.")
    var name: String
    @Option(
        name: .customLong("for"),
        help: "relay, server, projector, payments, reader or operator, separated by commas, or all.")
    var purposes = ServiceRole.relay.rawValue
    @Option(help: "The relay's schema, as in RELAY_SCHEMA.")
    var schema = RelaySchemaOptions.standard
    @Flag(help: "Run it instead of printing it.")
    var apply = false
    @OptionGroup var addresses: AddressOptions
    @OptionGroup var output: JSONOption

    func validate() throws { _ = try roles() }

    func run() throws {
        guard apply else {
            let script = try Database.reading(as: "outboxctl role") { connection in
                try roles().map { try $0.role.script(named: $0.name, connection, schema: schema) }
                    .joined(separator: "\n")
            }
            return try output.show(Script(script: script)) { print(script, terminator: "") }
        }
        let password = try password()
        let connection = try Database.connect(as: "outboxctl role")
        var applied: [String] = []
        for (role, name) in try roles() {
            try connection.execute(role.script(named: name, connection, schema: schema))
            if let password { try connection.setPassword(password, ofRole: name) }
            applied.append("the role \(name), for \(role.rawValue)")
        }
        try AppliedChanges(applied: applied).printed(output)
    }

    /// The roles that are meant, with their names.
    private func roles() throws -> [(role: ServiceRole, name: String)] {
        if purposes == "all" { return ServiceRole.allCases.map { ($0, "\(name)_\($0.rawValue)") } }
        let chosen = try purposes.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let role = ServiceRole(rawValue: String(word)) else {
                let known = ServiceRole.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--for: '\(word)' is none of \(known), all")
            }
            return role
        }
        return chosen.count == 1 ? [(chosen[0], name)] : chosen.map { ($0, "\(name)_\($0.rawValue)") }
    }

    private func password() throws -> String? {
        let environment = EnvironmentReader(StackAddresses.environment)
        let password = environment.secret("ROLE_PASSWORD") { $0.isEmpty ? "is empty" : nil }
        do {
            try environment.finish()
        } catch {
            ServiceProcess.refuse(error, name: "outboxctl role")
        }
        return password
    }
}
