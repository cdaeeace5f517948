import ArgumentParser
import Outbox

/// Gives a held row up.
struct SkipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Marks a held row to be dropped, unpublished, when its key is released.",
        discussion: "An id that begins with a hyphen goes to the end, behind --.")

    @Argument(help: "The row's outbox_id.")
    var outboxID: Int64
    @OptionGroup var why: ReasonOption
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        guard let key = try options.desk().skip(outboxID, reason: why.reason) else {
            throw ValidationError("row \(outboxID) is not held; outboxctl outbox explain lists the rows of a key")
        }
        let release = options.command("release", [key.aggregateType, key.aggregateID], reason: true)
        print("row \(outboxID) of \(key) will be dropped; now: \(release)")
    }
}
