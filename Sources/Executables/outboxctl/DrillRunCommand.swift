import ArgumentParser
import Drills
import FoundationEssentials
import Glibc
import Kafka
import Operations
import Sabotage

/// Runs some of them.
struct DrillRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs drills, each on a stack of its own that it starts on free ports and ends again.",
        discussion: """
            Clients place orders over REST and gRPC and remember every answer. The drill breaks something, mends it, \
            and waits until nothing is on its way. Then outboxctl verify and the memory of the clients judge. It \
            needs Debian's Postgres, the programs beside outboxctl, and the migrations of a checkout; it touches no \
            system that runs already.

            With --kafka and --database the drills that need no control of them run on given servers. A drill makes a \
            database and topics of its own there, which begin with outbox_drill_ and drill-, and removes them.

            Ends with status 0 if every invariant held, 1 otherwise. A failing run keeps its logs and says how to \
            repeat it.

            Examples:
              outboxctl drill run kill-relay postgres-crash
              outboxctl drill run all --html drills.html --report drills.json
              outboxctl drill run mixed --minutes 10 --seed 42
              outboxctl drill run all --kafka broker:9092 --database postgresql://me@db/postgres
            """)

    @Argument(help: "Names of drills, or all.")
    var names: [String]
    @Option(help: "Decides the random moments; by default another one each time.")
    var seed: UInt64?
    @Option(help: "How long the drill mixed lasts.")
    var minutes = 1
    @Option(help: "How many drills run at a time, 1 to 4. Each has ten processes, of which most wait.")
    var atOnce = 1
    @Option(help: "at-least-once or exactly-once.")
    var delivery = DrillSetup.Delivery.atLeastOnce.rawValue
    @Option(help: "Break the services on purpose, by one of the names of outboxctl drill mutants; debug builds only.")
    var mutant: String?
    @Option(help: "The checkout with migrations and the strict Kafka.")
    var checkout = "."
    @Option(help: "host:port,... of a Kafka that runs already; KAFKA_ variables set the rest.")
    var kafka: String?
    @Option(help: "URL of a Postgres that runs already, of a role that may make databases and read all settings.")
    var database: String?
    @Option(help: "Write the report as a page to this file.")
    var html: String?
    @Option(help: "Write the report as JSON to this file, as the console reads it (CONSOLE_DRILLS).")
    var report: String?
    @Flag(help: "Print JSON instead of the scoreboard.")
    var json = false

    func validate() throws {
        for name in names where name != "all" && Drills.named(name) == nil {
            throw ValidationError("there is no drill '\(name)'; outboxctl drill list shows all")
        }
        guard DrillLimits.minutes.contains(minutes) else {
            throw ValidationError("--minutes: \(minutes) is not in \(DrillLimits.minutes)")
        }
        guard DrillLimits.atOnce.contains(atOnce) else {
            throw ValidationError("--at-once: \(atOnce) is not in \(DrillLimits.atOnce)")
        }
        if let mutant { try MutantName.validate([mutant]) }
        guard DrillSetup.Delivery(rawValue: delivery) != nil else {
            let words = DrillSetup.Delivery.allCases.map(\.rawValue).joined(separator: " nor ")
            throw ValidationError("--delivery: '\(delivery)' is neither \(words)")
        }
    }

    func run() async throws {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var setup = DrillSetup(beside: path, checkout: checkout)
        setup.directory = FileManager.default.temporaryDirectory.path
        setup.delivery = DrillSetup.Delivery(rawValue: delivery) ?? .atLeastOnce
        setup.minutes = minutes
        setup.mutant = mutant.flatMap { Mutant(rawValue: $0) }
        setup.database = database
        if let kafka {
            setup.kafka = try KafkaConfiguration.fromEnvironment(StackAddresses.environment)
            setup.kafka?["bootstrap.servers"] = kafka
        }
        let runner = try DrillRunner(setup)
        let wanted = names.contains("all") ? Drills.all : names.compactMap { Drills.named($0) }
        let drills = wanted.filter { drill in
            guard let refusal = setup.refusal(drill) else { return true }
            outboxctl.report("\(drill.name) is left out: it \(refusal)")
            return false
        }
        guard !drills.isEmpty else { throw ExitCode.failure }
        let seed = seed ?? UInt64.random(in: 0..<1_000_000)
        let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        var result = DrillReport(beganAt: now, delivery: delivery)
        result.runs = try await runner.run(drills, seed: seed, atOnce: atOnce) {
            live($0)
        } ended: {
            live(nil)
            if !$0.isClean { tell($0) }
        }
        if let html { try write(DrillPage(result).html, html) }
        if let report { try write(try OperatorJSON.text(result), report) }
        json ? print(try OperatorJSON.text(result)) : DrillText(result).printed()
        if !result.isClean { throw ExitCode.failure }
    }

    /// Whole or not at all: a console may be reading it.
    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    private func tell(_ run: DrillReport.Run) {
        outboxctl.report("\(run.name) failed:")
        for finding in run.findings { outboxctl.report("  \(finding)") }
        if let logs = run.logs { outboxctl.report("  logs: \(logs)") }
        outboxctl.report("  again: \(run.command)")
    }

    /// A line of a terminal that the next one replaces.
    private func live(_ text: String?) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        outboxctl.report("\r\u{1B}[K\(text ?? "")", end: "")
    }
}
