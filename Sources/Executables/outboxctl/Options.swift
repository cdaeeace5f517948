import ArgumentParser
import Outbox
import Postgres

/// Which relay's schema is meant.
struct RelaySchemaOptions: ParsableArguments {
    static let standard = "outbox_relay"

    @OptionGroup var addresses: AddressOptions
    @Option(help: "The schema of the relay, as in RELAY_SCHEMA.")
    var schema = Self.standard

    /// - Throws: ``OutboxError`` when there is no such schema.
    func desk(_ patience: Database.Patience = .short) throws -> OutboxOperator {
        try verified(try Database.connect(as: "outboxctl", patience))
    }

    private func verified(_ connection: PostgresConnection) throws -> OutboxOperator {
        let desk = OutboxOperator(connection, schema: schema)
        try desk.verify()
        return desk
    }
}

/// Commands to paste into a shell.
struct CommandHints {
    let schema: String

    /// A command for this schema. Arguments that begin with a hyphen go to the end, behind `--`.
    func command(_ name: String, _ arguments: [String], reason: Bool = false) -> String {
        var words = ["outboxctl", name]
        if schema != RelaySchemaOptions.standard { words += ["--schema", ShellWord.quoted(schema)] }
        if reason { words += ["--reason", #""...""#] }
        if arguments.contains(where: { $0.hasPrefix("-") }) { words.append("--") }
        return (words + arguments.map { ShellWord.quoted($0) }).joined(separator: " ")
    }
}

/// A word of a command that will be pasted into a shell.
enum ShellWord {
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/@%+=")

    /// The word, in single quotes unless a shell reads it as it is.
    static func quoted(_ text: String) -> String {
        if !text.isEmpty && text.allSatisfy({ plain.contains($0) }) { return text }
        return "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
