import ArgumentParser
import Operations
import Values

/// Shows one order from all sides.
struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Shows an order: its events, its state, the row of the read model, what differs, and its messages.",
        discussion: """
            Ends with status 1 if there is no such order, 4 if the read model differs from the events.

            Examples:
              outboxctl order 4711
              outboxctl order 4711 --at 1
            """)

    /// The exit code of an order whose row in the read model is not what its events say.
    private static let differs: Int32 = 4

    @Argument(help: "The order's id.")
    var orderId: String
    @Option(help: "The order at this version, which is a number of events; by default now.")
    var at: Int64?
    @OptionGroup var options: DeskOptions

    func run() throws {
        guard let order = try options.reading({ try $0.order(orderId, version: at) }) else {
            report("there is no order '\(orderId)'")
            throw ExitCode.failure
        }
        if let at, !(1...order.newestVersion).contains(at) {
            throw ValidationError("--at: \(at) is not in 1...\(order.newestVersion), the versions of this order")
        }
        try options.show(order) { show(order) }
        if !order.differences.isEmpty { throw ExitCode(Self.differs) }
    }

    private func show(_ order: OrderView) {
        var events = Table(["seq", "recorded", "event", "payload"], numbers: [0])
        for event in order.events {
            events.add([
                .init("\(event.sequenceNumber)"), .init(event.recordedAt.description), .init(event.eventType, .strong),
                .init(EventText.payload(event.payload)),
            ])
        }
        events.printed()
        print("")
        showState(order)
        if !order.messages.isEmpty {
            print("")
            EventText.table(order.messages).printed()
        }
        for note in order.notes { report("note: \(note)") }
    }

    private func showState(_ order: OrderView) {
        var table = Table(["field", "by the events, version \(order.version)", projected(order)])
        let row = order.projection?.state.fields ?? []
        for (index, field) in (order.state?.fields ?? []).enumerated() {
            let other = index < row.count ? row[index].value : ""
            guard !field.value.isEmpty || !other.isEmpty else { continue }
            let isSame = other == field.value || order.projection?.version != order.version
            table.add([.init(field.name, .quiet), .init(field.value), .init(other, isSame ? nil : .bad)])
        }
        table.printed()
        for difference in order.differences {
            print(Terminal.coloured(Escaping.controls("differs: \(difference)"), .bad))
        }
        if let behind = order.behind, behind > 0 {
            print(Terminal.coloured("the read model is \(behind) events behind", .attention))
        }
    }

    private func projected(_ order: OrderView) -> String {
        order.projection.map { "in the read model, version \($0.version)" } ?? "in the read model"
    }
}
