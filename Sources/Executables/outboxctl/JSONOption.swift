import ArgumentParser
import Operations

/// How the answer of a command that sets something up is printed.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON: one value with stable field names, on standard output.")
    var json = false

    /// Prints a value as JSON, or with `text`.
    func show(_ value: some Encodable, _ text: () throws -> Void) throws {
        guard json else { return try text() }
        print(try OperatorJSON.text(value, isPretty: Terminal.isTerminal))
    }
}

/// What was applied, a line each; empty if there was nothing to do.
struct AppliedChanges: Encodable {
    var applied: [String]

    func printed(_ output: JSONOption) throws {
        try output.show(self) {
            print(applied.isEmpty ? "up to date" : applied.map { "applied \($0)" }.joined(separator: "\n"))
        }
    }
}

/// SQL to be run by somebody.
struct Script: Encodable {
    var script: String
    var notes: [String]?
    var warnings: [String]?
}
