import ArgumentParser
import Operations

/// Which parked keys are meant: one by its name, or all that match.
struct ParkedOptions: ParsableArguments {
    @Option(help: "Keys of this aggregate type.")
    var type: String?
    @Option(name: .customLong("error"), help: "Keys whose error contains this text, in either case.")
    var error: String?
    @Option(help: "Keys parked before then: a time, or an age such as 10m.")
    var parkedBefore: String?

    var isEmpty: Bool { type == nil && error == nil && parkedBefore == nil }

    func filter(_ options: DeskOptions, _ desk: OperatorDesk) throws -> ParkedFilter {
        var filter = ParkedFilter()
        filter.aggregateType = type
        filter.errorContains = error
        filter.parkedBefore = try parkedBefore.map { try options.moment($0, "--parked-before", desk) }
        return filter
    }
}

/// Asks before much is changed.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Show what would happen, and change nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// - Returns: whether to go on.
    func consents(to question: String) throws -> Bool {
        if yes { return true }
        guard Terminal.canAsk else { throw ValidationError("--yes is needed where there is no terminal to ask on") }
        return Terminal.confirms(question)
    }
}
