import ArgumentParser
import Glibc
import Operations

/// Follows the outbox.
struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Shows rows as they are committed, decoded, like tail -f; ends with Ctrl-C.",
        discussion: """
            Rows come in the order of their ids. A row whose transaction commits late, behind rows with larger ids, is \
            shown when it is seen, for as long as --late says.

            Examples:
              outboxctl tail --type order
              outboxctl tail --event order_payment_failed --json
            """)

    private static let mostRows = 10_000
    private static let pause = Duration.milliseconds(200)

    @OptionGroup var which: EventOptions
    @Option(help: "How many rows from before are shown first, 0 to 10000.")
    var lines = 10
    @Option(help: "For how many seconds a row that commits late is looked for.")
    var late = 60
    @Flag(help: "End after the rows that are there now.")
    var once = false
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard which.state != EventOptions.uncommitted else {
            throw ValidationError(
                "--state: rows that are not committed can be seen by nobody; outboxctl list names them")
        }
        guard (0...Self.mostRows).contains(lines) else {
            throw ValidationError("--lines: \(lines) is not in 0...\(Self.mostRows)")
        }
        guard (0...3_600).contains(late) else { throw ValidationError("--late: \(late) is not in 0...3600") }
    }

    func run() throws {
        let desk = try options.open()
        let filter = try which.filter(options, desk)
        var tail = try EventTail(desk, filter, lateSeconds: late)
        try show(tail.before(lines))
        guard !once else { return }
        while true {
            let events = try tail.next()
            try show(events)
            if events.isEmpty { try Pace.pause(Self.pause) }
        }
    }

    private func show(_ events: [OutboxEvent]) throws {
        for event in events {
            if options.json {
                print(try OperatorJSON.text(event))
            } else {
                var table = Table(["", "", "", "", "", "", ""])
                table.add(EventText.cells(event))
                table.printed(hasTitles: false)
            }
        }
        if !events.isEmpty { fflush(nil) }
    }
}
