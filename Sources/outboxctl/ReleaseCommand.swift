import ArgumentParser
import Outbox

/// Lets the relay publish a parked key's rows.
struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Asks the relay to publish the held rows of a key, in order.")

    @Argument(help: "The aggregate type.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateID: String
    @Option(help: "Why; it is recorded.")
    var reason: String
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let key = OutboxKey(aggregateType: aggregateType, aggregateID: aggregateID)
        guard try options.desk().release(key, reason: reason) else { throw ValidationError("\(key) is not parked") }
        print("asked; if Kafka refuses again, the key stays parked: outboxctl outbox explain \(aggregateType) \(aggregateID)")
    }
}
