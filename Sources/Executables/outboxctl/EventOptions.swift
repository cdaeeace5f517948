import ArgumentParser
import Operations

/// Which rows are meant.
struct EventOptions: ParsableArguments {
    @Option(help: "unpublished, publishing, published, held, skipped or left_out; list knows uncommitted too.")
    var state: String?
    @Option(help: "The aggregate type, for example order.")
    var type: String?
    @Option(help: "The aggregate id.")
    var id: String?
    @Option(help: "The event type, for example order_paid.")
    var event: String?
    @Option(help: "Written since then: a time such as '2026-01-31 12:00+00', or an age such as 5m.")
    var since: String?
    @Option(help: "Written before then.")
    var until: String?
    @Option(help: "The smallest outbox_id.")
    var from: Int64?
    @Option(help: "The largest outbox_id.")
    var to: Int64?

    /// No state of a row: rows of a transaction that is not committed can be seen by nobody.
    static let uncommitted = "uncommitted"

    func validate() throws {
        guard let state, RowState(rawValue: state) == nil, state != Self.uncommitted else { return }
        let words = RowState.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--state: '\(state)' is not one of: \(words)")
    }

    func filter(_ options: DeskOptions, _ desk: OperatorDesk) throws -> EventFilter {
        var filter = EventFilter()
        filter.state = state.flatMap { RowState(rawValue: $0) }
        (filter.aggregateType, filter.aggregateId, filter.eventType) = (type, id, event)
        (filter.fromId, filter.toId) = (from, to)
        filter.since = try since.map { try options.moment($0, "--since", desk) }
        filter.until = try until.map { try options.moment($0, "--until", desk) }
        return filter
    }
}

/// Rows of the outbox for people.
enum EventText {
    static func table(_ events: [OutboxEvent]) -> Table {
        var table = Table(["id", "written", "state", "key", "seq", "event", "payload"], numbers: [0, 4])
        for event in events { table.add(cells(event)) }
        return table
    }

    static func cells(_ event: OutboxEvent) -> [Table.Cell] {
        [
            .init("\(event.outboxId)"), .init(event.createdAt?.description ?? "?"), state(event), .init(event.key),
            .init(event.sequenceNumber.map { "\($0)" } ?? ""), .init(event.eventType ?? ""),
            .init(payload(event.payload)),
        ]
    }

    static func state(_ event: OutboxEvent) -> Table.Cell {
        let tone: Terminal.Tone? =
            switch event.state {
            case .published: .good
            case .unpublished, .publishing: .attention
            case .held, .skipped: .bad
            case .leftOut: .quiet
            }
        return .init(event.state.rawValue + (event.isEdited ? ", edited" : ""), tone)
    }

    static func payload(_ payload: EventPayload) -> String {
        switch payload.form {
        case .hidden: "hidden"
        case .null: "(null)"
        case .unreadable: "(cannot be read)"
        case .hex: "0x\(payload.text ?? "")"
        case .protobuf, .json, .text: payload.text ?? ""
        }
    }
}
