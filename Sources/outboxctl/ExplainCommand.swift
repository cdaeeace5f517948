import ArgumentParser
import Outbox

/// Shows why a key is parked and what waits behind it.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows why a key is parked, its held rows, and what can be done.")

    @Argument(help: "The aggregate type, for example order.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateID: String
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let key = OutboxKey(aggregateType: aggregateType, aggregateID: aggregateID)
        let desk = try options.desk()
        guard let parked = try desk.parked().first(where: { $0.key == key }) else { return print("\(key) is not parked") }
        print("\(key) is parked since \(parked.parkedAt): Kafka refused row \(parked.outboxID): \(parked.error)")
        print("held rows, in the order in which they will be published:")
        for row in try desk.held(key) {
            let skip = row.isSkipped ? "  (will be dropped)" : ""
            print(
                "  \(row.outboxID)  sequence \(row.sequenceNumber ?? -1)  \(row.eventType ?? "?")  \(row.payloadBytes ?? 0) bytes\(skip)")
        }
        print(
            """
            when the cause is gone:      outboxctl outbox release \(aggregateType) \(aggregateID) --reason "..."
            to give one row up for good: outboxctl outbox skip \(parked.outboxID) --reason "...", then release
            """)
    }
}
