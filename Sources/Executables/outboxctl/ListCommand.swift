import ArgumentParser
import Operations

/// Lists rows of the outbox.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists rows of the outbox, newest first, with decoded payloads.",
        discussion: """
            A list by time or id begins there at once. A list by key or event type alone reads row after row, and \
            gives up after --scan rows; it then says where to go on.

            Rows whose transaction is not committed cannot be seen by anybody: --state uncommitted shows the sessions \
            and the prepared transactions that have written some, and have been open for a second.

            Examples:
              outboxctl list --state unpublished --oldest-first
              outboxctl list --state uncommitted
              outboxctl list --type order --id 4711 --since 2h
              outboxctl list --state held --json | jq -r '.events[].outbox_id'
            """)

    private static let mostRows = 10_000
    private static let mostScanned = 100_000_000

    @OptionGroup var which: EventOptions
    @Flag(help: "Oldest first.")
    var oldestFirst = false
    @Option(help: "How many rows are listed, 1 to 10000.")
    var limit = 20
    @Option(help: "Go on behind this outbox_id, as the list before said.")
    var after: Int64?
    @Option(help: "How many rows are read at most in search of rows that match.")
    var scan = 1_000_000
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard (1...Self.mostRows).contains(limit) else {
            throw ValidationError("--limit: \(limit) is not in 1...\(Self.mostRows)")
        }
        guard (1...Self.mostScanned).contains(scan) else {
            throw ValidationError("--scan: \(scan) is not in 1...\(Self.mostScanned)")
        }
    }

    func run() throws {
        if which.state == EventOptions.uncommitted { return try showUncommitted() }
        let page = try options.reading { desk in try collect(which.filter(options, desk), desk) }
        try options.show(page) {
            if page.events.isEmpty {
                print(
                    page.next == nil ? "no row matches" : "no row matches among the \(Words.count(page.scanned)) read")
            } else {
                EventText.table(page.events).printed()
            }
            if let next = page.next { report("there may be more: --after \(next)") }
        }
    }

    private func showUncommitted() throws {
        let status = try options.reading { try $0.status() }
        let writers = status.blockers.filter { [.uncommitted, .prepared].contains($0.kind) }
        try options.show(writers) {
            if writers.isEmpty { return print("no transaction that is open for a second has written to the outbox") }
            var table = Table(["pid", "open for", "user", "application", "state", "what"], numbers: [0])
            for writer in writers {
                let session = writer.session
                table.add([
                    .init(session.map { "\($0.pid)" } ?? ""),
                    .init(writer.since.map { Words.age(status.takenAt.seconds(since: $0)) } ?? "?", .attention),
                    .init(session?.user ?? ""), .init(session?.application ?? ""), .init(session?.state ?? "prepared"),
                    .init(session?.query ?? writer.summary),
                ])
            }
            table.printed()
        }
    }

    /// Pages until there are enough rows, or enough were read.
    private func collect(_ filter: EventFilter, _ desk: OperatorDesk) throws -> EventPage {
        var whole = EventPage(events: [], next: after, scanned: 0)
        repeat {
            let page = try desk.events(
                filter, order: oldestFirst ? .oldestFirst : .newestFirst, after: whole.next,
                limit: min(limit - whole.events.count, OperationsLimits.rowsPerPage))
            whole.events += page.events
            whole.scanned += page.scanned
            whole.next = page.next
        } while whole.next != nil && whole.events.count < limit && whole.scanned < scan
        return whole
    }
}
