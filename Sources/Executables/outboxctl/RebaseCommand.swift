import ArgumentParser
import Outbox

/// Makes the checkpoint belong to this server.
struct RebaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebase",
        abstract: "Takes the relay's checkpoint over to a database that was restored or promoted.",
        discussion: """
            The relay refuses a checkpoint made on another server or timeline, because transaction ids mean nothing \
            there. How much of the outbox Kafka already has is not recorded here: you decide. Rows written since the \
            given time are published again, in order; older rows count as published. When in doubt choose an earlier \
            time: consumers that know events by their id skip what they have seen. Stop all relays first. Run it as \
            the owner of the relay's schema: the relay's own role may not.

            Rows that were left out when the table was adopted (--existing skip) stay left out.

            Example:
              outboxctl rebase --republish-since '2026-01-31 12:00+00' --reason "restored from a backup"
            """)

    /// What a rebase did.
    private struct Outcome: Encodable {
        let republished: Int
        let leftAlone: Int
    }

    @Option(
        parsing: .unconditional,
        help: "A time such as '2026-01-31 12:00+00'; -infinity for all rows, infinity for none.")
    var republishSince: String
    @Option(help: "Why; it is recorded.")
    var reason = "rebase"
    @OptionGroup var options: RelaySchemaOptions
    @OptionGroup var output: JSONOption

    func run() throws {
        let result = try options.desk(.unlimited).rebase(republishSince: republishSince, reason: reason)
        try output.show(Outcome(republished: result.republished, leftAlone: result.leftAlone)) {
            print(
                "the checkpoint belongs to this server now; \(result.republished) rows will be published again, "
                    + "\(result.leftAlone) count as published")
        }
    }
}
