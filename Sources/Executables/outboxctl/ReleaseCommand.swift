import ArgumentParser
import Outbox

/// Lets the relay publish a parked key's rows.
struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Asks the relay to publish the held rows of a key, in order.",
        discussion: "Names that begin with a hyphen go to the end, behind --.")

    @Argument(help: "The aggregate type.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateID: String
    @OptionGroup var why: ReasonOption
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let key = OutboxKey(aggregateType: aggregateType, aggregateID: aggregateID)
        guard try options.desk().release(key, reason: why.reason) else { throw ValidationError("\(key) is not parked") }
        print(
            "asked; if Kafka refuses again, the key stays parked: \(options.command("explain", [aggregateType, aggregateID]))"
        )
    }
}
