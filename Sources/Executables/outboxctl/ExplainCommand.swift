import ArgumentParser
import Outbox

/// Shows why a key is parked and what waits behind it.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows why a key is parked, its held rows, and what can be done.",
        discussion:
            "Ends with status 1 if the key is not parked. Names that begin with a hyphen go to the end, behind --.")

    @Argument(help: "The aggregate type, for example order.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateID: String
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let key = OutboxKey(aggregateType: aggregateType, aggregateID: aggregateID)
        let desk = try options.desk()
        guard let parked = try desk.parked().first(where: { $0.key == key }) else {
            print("\(key) is not parked")
            throw ExitCode.failure
        }
        print("\(key) is parked since \(parked.parkedAt): Kafka refused row \(parked.outboxID): \(parked.error)")
        print("held rows, in the order in which they will be published:")
        for row in try desk.held(key) {
            let skip = row.isSkipped ? "  (will be dropped)" : ""
            let sequence = row.sequenceNumber.map { "sequence \($0)" } ?? "no sequence number"
            print(
                "  \(row.outboxID)  \(sequence)  \(row.eventType ?? "?")  \(row.payloadBytes ?? 0) bytes\(skip)")
        }
        print(
            """
            when the cause is gone:      \(options.command("release", [aggregateType, aggregateID], reason: true))
            to give one row up for good: \(options.command("skip", ["\(parked.outboxID)"], reason: true))
                                         and then release the key
            """)
    }
}
