import ArgumentParser

/// Why somebody decides what they decide.
struct ReasonOption: ParsableArguments {
    @Option(help: "Why; it is recorded.")
    var reason: String

    func validate() throws {
        guard reason.contains(where: { !$0.isWhitespace }) else {
            throw ValidationError("--reason: say why; it is recorded")
        }
    }
}
