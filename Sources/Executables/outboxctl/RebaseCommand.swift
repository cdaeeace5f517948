import ArgumentParser
import Outbox
import Postgres

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

            It shows first how many rows that concerns, and asks. Rows that were left out when the table was adopted \
            (--existing skip) stay left out.

            Examples:
              outboxctl rebase --republish-since '2026-01-31 12:00+00' --dry-run
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
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var options: RelaySchemaOptions
    @OptionGroup var output: JSONOption

    func run() throws {
        let desk = try options.desk(.unlimited)
        let rows = try preview(desk)
        let what =
            "\(Words.count(rows.republished)) rows will be published again, "
            + "\(Words.count(rows.leftAlone)) count as published"
        if consent.dryRun {
            return try output.show(Outcome(republished: rows.republished, leftAlone: rows.leftAlone)) { print(what) }
        }
        try consent.ask("the checkpoint will belong to this server: \(what). Go on?")
        let result = try desk.rebase(
            republishSince: republishSince, reason: consent.why, caller: DeskOptions.caller)
        try output.show(Outcome(republished: result.republished, leftAlone: result.leftAlone)) {
            print(
                "the checkpoint belongs to this server now; \(Words.count(result.republished)) rows will be published "
                    + "again, \(Words.count(result.leftAlone)) count as published")
        }
    }

    private func preview(_ desk: OutboxOperator) throws -> OutboxOperator.Rebase {
        do {
            return try desk.previewRebase(republishSince: republishSince)
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true {
            throw ValidationError(
                "--republish-since: '\(republishSince)' is no time such as '2026-01-31 12:00+00', -infinity or infinity"
            )
        }
    }
}
