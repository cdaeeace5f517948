import ArgumentParser
import Outbox

/// Lists the keys that wait for a decision.
struct ParkedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "Lists the keys that are parked because Kafka refused one of their rows.")

    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let keys = try options.desk().parked()
        if keys.isEmpty { return print("no key is parked") }
        for parked in keys {
            let state = parked.isReleaseAsked ? "release asked" : "waiting"
            print(
                "\(parked.key)  row \(parked.outboxID)  \(parked.heldRows) held  since \(parked.parkedAt)  \(state)  \(parked.error)"
            )
        }
    }
}
