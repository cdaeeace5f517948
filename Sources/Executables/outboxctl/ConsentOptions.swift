import ArgumentParser
import Operations

/// Why something is decided, what it would do, and whether it is done: options of every command that changes something.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Show what would happen, and change nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @Option(help: "Why; it is recorded with your name (OUTBOXCTL_CALLER, else that of the user).")
    var reason: String?

    /// The reason that was given; empty for a dry run, which needs none.
    var why: String { reason ?? "" }

    func validate() throws {
        guard !dryRun || reason != nil else { return }
        guard let reason, reason.contains(where: { !$0.isWhitespace }) else {
            throw ValidationError("--reason: say why; it is recorded")
        }
    }

    /// Shows what an action would do. With `--dry-run` that is all; otherwise a person is asked.
    ///
    /// - Returns: whether to act.
    /// - Throws: ``ExitCode`` when the person declines; `ValidationError` where nobody can be asked.
    func allows(_ preview: ActionPreview, _ options: DeskOptions) throws -> Bool {
        if dryRun {
            try options.show(preview) { PreviewText.printed(preview) }
            return false
        }
        if !options.json { PreviewText.printed(preview) }
        try ask(options.json ? "\(preview.summary). Go on?" : "Go on?")
        return true
    }

    /// Asks a person, unless `--yes` was given.
    ///
    /// - Throws: as ``allows(_:_:)``.
    func ask(_ question: String) throws {
        if yes { return }
        guard Terminal.canAsk else { throw ValidationError("--yes is needed where there is no terminal to ask on") }
        guard Terminal.confirms(question) else {
            report("nothing was changed")
            throw ExitCode.failure
        }
    }
}
