import ArgumentParser
import Drills

/// Breaks whole systems and judges them.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Starts whole systems, breaks them under load, and judges what became of every order.",
        subcommands: [DrillListCommand.self, DrillRunCommand.self, DrillMutantsCommand.self])
}

/// Says what there is.
struct DrillListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the drills.")

    func run() {
        var table = Table(["drill", "what it does"])
        for drill in Drills.all { table.add([.init(drill.name, .strong), .init(drill.summary)]) }
        table.printed()
    }
}
