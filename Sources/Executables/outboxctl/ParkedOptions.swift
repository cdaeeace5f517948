import ArgumentParser
import Operations

/// Which parked keys are meant: one by its name, or all that match.
struct ParkedOptions: ParsableArguments {
    @Option(help: "Keys of this aggregate type.")
    var type: String?
    @Option(name: .customLong("error"), help: "Keys whose error contains this text, in either case.")
    var error: String?
    @Option(name: .customLong("event"), help: "Keys whose refused row has this event type.")
    var eventType: String?
    @Option(help: "Keys whose refused row goes to this topic, by RELAY_TOPIC.")
    var topic: String?
    @Option(help: "Keys parked since then: a time, or an age such as 10m.")
    var parkedSince: String?
    @Option(help: "Keys parked before then.")
    var parkedBefore: String?

    var isEmpty: Bool { [type, error, eventType, topic, parkedSince, parkedBefore].allSatisfy { $0 == nil } }

    /// The options by name, for a message.
    static let names = "--type, --error, --event, --topic, --parked-since, --parked-before"

    func filter(_ options: DeskOptions, _ desk: OperatorDesk) throws -> ParkedFilter {
        var filter = ParkedFilter()
        filter.aggregateType = type
        filter.errorContains = error
        filter.eventType = eventType
        (filter.topic, filter.topics) = (topic, topic.map { _ in StackServices.topics })
        filter.parkedSince = try parkedSince.map { try options.moment($0, "--parked-since", desk) }
        filter.parkedBefore = try parkedBefore.map { try options.moment($0, "--parked-before", desk) }
        return filter
    }
}

/// Which held rows of each key are meant.
struct BulkRowsOption: ParsableArguments {
    @Option(help: "With a filter: 'refused' is the row that Kafka refused, 'all' are all held rows of each key.")
    var rows: String?

    func validate() throws {
        guard let rows, Bulk.Rows(rawValue: rows) == nil else { return }
        throw ValidationError("--rows: '\(rows)' is neither refused nor all")
    }

    var value: Bulk.Rows { rows.flatMap { Bulk.Rows(rawValue: $0) } ?? .refused }
}
