import ArgumentParser
import Operations

/// Pauses the relay.
struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Has the relay publish nothing until it is resumed; it goes on leading.",
        discussion: """
            Writers are not affected; their rows wait. A relay that takes over is paused as well. The leader notices \
            within a third of RELAY_LEASE; the command waits for that, and leaves with status 5 if no relay confirms.

            Example:
              outboxctl pause --reason "the consumers are being moved"
            """)

    /// The exit code when no relay confirmed.
    private static let unconfirmed: Int32 = 5

    @OptionGroup var consent: ConsentOptions
    @OptionGroup var options: DeskOptions

    func run() throws {
        let desk = try options.open()
        guard try consent.allows(try desk.previewPause(), options) else { return }
        let receipt = try desk.pause(reason: consent.why)
        let isPaused = try Pace.waits { try desk.status().relay.pause?.isInEffect == true }
        try options.show(receipt) {
            print(isPaused ? "the relay is paused; outboxctl resume lets it publish again" : receipt.summary)
        }
        guard isPaused else {
            report("no relay has confirmed yet: outboxctl status shows whether one leads")
            throw ExitCode(Self.unconfirmed)
        }
    }
}

/// Lets a paused relay publish again.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused relay publish again.",
        discussion: """
            The leader notices within a third of RELAY_LEASE.

            Example:
              outboxctl resume --reason "the consumers are back"
            """)

    @OptionGroup var consent: ConsentOptions
    @OptionGroup var options: DeskOptions

    func run() throws {
        let desk = try options.open()
        guard try consent.allows(try desk.previewResume(), options) else { return }
        let receipt = try desk.resume(reason: consent.why)
        try options.show(receipt) { print(receipt.summary) }
    }
}
