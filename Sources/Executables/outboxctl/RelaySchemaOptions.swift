import ArgumentParser
import Outbox

/// Which relay's schema is meant.
struct RelaySchemaOptions: ParsableArguments {
    private static let standard = "outbox_relay"

    @Option(help: "The schema of the relay, as in RELAY_SCHEMA.")
    var schema = Self.standard

    func desk() throws -> OutboxOperator {
        let desk = OutboxOperator(try Database.connect(), schema: schema)
        try desk.verify()
        return desk
    }

    /// A command to type into a shell, for this schema. Arguments that begin with a hyphen go to the end, behind `--`.
    func command(_ name: String, _ arguments: [String], reason: Bool = false) -> String {
        var words = ["outboxctl", "outbox", name]
        if schema != Self.standard { words += ["--schema", ShellWord.quoted(schema)] }
        if reason { words += ["--reason", #""...""#] }
        if arguments.contains(where: { $0.hasPrefix("-") }) { words.append("--") }
        return (words + arguments.map { ShellWord.quoted($0) }).joined(separator: " ")
    }
}
