import ArgumentParser
import OutboxAdoption

/// Makes a table of another team usable as an outbox.
struct AdoptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Prints, or with --apply runs, the SQL that makes a table usable as an outbox.",
        discussion: """
            For a table like Debezium's (id uuid, aggregatetype, aggregateid, type, payload bytea|json|jsonb), and \
            for others by --columns. The service goes on writing meanwhile; nothing is rewritten. Doing it twice \
            changes nothing: columns and headers stay as they were chosen until you choose others. A relay's schema \
            of an earlier release is brought up to date.

            Precondition: of one aggregate, the next row is inserted after the previous one is committed, or in the \
            same transaction.

            Run it as the table's owner. The database comes from DATABASE_URL (or DATABASE_URL_FILE), else from \
            libpq's PG* variables, else from .data/env, which make up writes.

            Examples:
              outboxctl adopt --table app.outbox
              outboxctl adopt --table app.outbox --existing skip --apply
            """)

    @Option(help: "The table, as SQL names it: app.outbox")
    var table: String
    @Option(help: "The schema for the relay's own tables, one per outbox; set RELAY_SCHEMA to it.")
    var schema = "outbox_relay"
    @Option(
        help: """
            The table's column for a name the relay knows, separated by commas: event_id=uid,payload=body. Names: \
            outbox_id, transaction_id, event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, \
            headers, created_at.
            """)
    var columns: String?
    @Option(
        help: """
            The columns that become headers, separated by commas, renamed with HEADER=COLUMN; 'none', or 'all' for \
            every column without another use. Default: as before, at first all.
            """)
    var headers: String?
    @Option(help: "What becomes of rows that are there now: publish, or skip.")
    var existing: String?
    @Option(
        help: """
            The column that orders the rows that are there now. Default: an id from a sequence, a created_at that \
            defaults to clock_timestamp(), the sequence number, or else created_at.
            """)
    var order: String?
    @Flag(help: "Run it instead of printing it.")
    var apply = false
    @Option(help: "With --apply: why; it is recorded with your name. Default: the command.")
    var reason: String?
    @OptionGroup var addresses: AddressOptions
    @OptionGroup var output: JSONOption

    /// What an adoption did.
    private struct Outcome: Encodable {
        let table: String
        let steps: Int
        let notes: [String]
        let warnings: [String]
    }

    func run() throws {
        var options = AdoptionOptions(table: table)
        options.schema = schema
        options.columns = Dictionary(try pairs(columns, "--columns"), uniquingKeysWith: { $1 })
        options.hasAllHeaders = headers == "all"
        if let headers, !options.hasAllHeaders {
            options.headers = headers == "none" ? [] : try pairs(headers, "--headers")
        }
        if let existing {
            guard let choice = AdoptionOptions.ExistingRows(rawValue: existing) else {
                throw ValidationError("--existing: '\(existing)' is neither publish nor skip")
            }
            options.existing = choice
        }
        options.order = order
        let adoption = Adoption(try Database.connect(as: "outboxctl adopt"), options)
        let plan = try adoption.plan()
        guard apply else {
            let script = Script(script: plan.script, notes: plan.notes, warnings: plan.warnings)
            return try output.show(script) { print(plan.script, terminator: "") }
        }
        for note in plan.notes { report("note: \(note)") }
        for warning in plan.warnings { report("WARNING: \(warning)") }
        let why = reason ?? "outboxctl adopt --table \(table)"
        let steps = try adoption.apply(as: SetUpDecision(caller: DeskOptions.caller, reason: why)) { report($0) }
        try output.show(Outcome(table: plan.table, steps: steps, notes: plan.notes, warnings: plan.warnings)) {
            print(steps == 0 ? "\(plan.table) was adopted before; nothing to do" : "\(plan.table) is adopted")
        }
    }

    /// `a=b,c` as pairs; a name alone stands for itself.
    private func pairs(_ text: String?, _ option: String) throws -> [(String, String)] {
        try (text ?? "").split(separator: ",").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard let first = parts.first, let last = parts.last, !first.isEmpty, !last.isEmpty else {
                throw ValidationError("\(option): '\(item)' is not NAME=COLUMN")
            }
            return (first, last)
        }
    }
}
