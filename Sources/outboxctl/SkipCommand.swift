import ArgumentParser
import Outbox

/// Gives a held row up.
struct SkipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Marks a held row to be dropped, unpublished, when its key is released.")

    @Argument(help: "The row's outbox_id.")
    var outboxID: Int64
    @Option(help: "Why; it is recorded.")
    var reason: String
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        guard let key = try options.desk().skip(outboxID, reason: reason) else {
            throw ValidationError("row \(outboxID) is not held; outboxctl outbox explain lists the rows of a key")
        }
        print(
            "row \(outboxID) of \(key) will be dropped; now: outboxctl outbox release \(key.aggregateType) \(key.aggregateID) --reason ...")
    }
}
