import ArgumentParser
import Operations

/// Shows the settings that are in effect.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows the settings that are in effect in each service, and where each comes from.",
        discussion: """
            The services tell them on their admin ports; secrets are masked. orders-server has no admin port.

            Examples:
              outboxctl config
              outboxctl config --service outbox-relay --set
            """)

    @Option(help: "Only this service.")
    var service: String?
    @Flag(help: "Only settings that are not the default.")
    var set = false
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let all = StackServices.probes.map { $0.ask() }
        guard !all.isEmpty else {
            throw ValidationError("no service is known: set ADMIN_URL_RELAY=http://HOST:PORT, or run make up")
        }
        var chosen = all.filter { service == nil || $0.name == service }
        guard !chosen.isEmpty else {
            let names = all.map(\.name).joined(separator: ", ")
            throw ValidationError("--service: '\(service ?? "")' is not one of: \(names)")
        }
        for index in chosen.indices where set {
            chosen[index].settings = chosen[index].settings?.filter { $0.source != "default" }
        }
        guard !json else { return print(try OperatorJSON.text(chosen, isPretty: Terminal.isTerminal)) }
        var table = Table(["service", "variable", "value", "source"])
        for service in chosen {
            for setting in service.settings ?? [] {
                let tone: Terminal.Tone? = setting.source == "default" ? .quiet : nil
                table.add([.init(service.name), .init(setting.name), .init(setting.value, tone), .init(setting.source)])
            }
            if service.settings == nil { report("\(service.name) does not tell its settings: \(service.text)") }
        }
        table.printed()
    }
}
