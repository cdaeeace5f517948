import ArgumentParser
import Glibc
import Kafka
import Operations

/// Shows the outbox at a glance.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what waits, how fast rows move, who publishes, and what is in the way.",
        discussion: """
            Rates are measured over --sample. Consumers are shown where KAFKA_BOOTSTRAP_SERVERS is known, services \
            where ADMIN_URL_SERVER, ADMIN_URL_RELAY, ADMIN_URL_PROJECTOR and ADMIN_URL_PAYMENTS are; make up writes \
            them to .data/env.

            Ends with status 0 if nothing is in the way, 3 if something is.

            Examples:
              outboxctl status
              outboxctl status --watch
              outboxctl status --json --sample 0 | jq .backlog.rows
            """)

    /// The exit code of a status that names an obstacle.
    private static let obstructed: Int32 = 3
    private static let longestSample = 60.0

    @Flag(help: "Show it again and again, until Ctrl-C; with --json a line each.")
    var watch = false
    @Option(help: "Seconds over which rates are measured, and between two pictures; 0 for no rates.")
    var sample = 1.0
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard (0...Self.longestSample).contains(sample) else {
            throw ValidationError("--sample: \(sample) is not in 0...\(Int(Self.longestSample))")
        }
        guard !watch || sample > 0 else { throw ValidationError("--sample: 0 leaves no time between two pictures") }
    }

    func run() throws {
        let desk = try options.open()
        var last = try desk.status()
        if sample == 0 { return try finish(last, desk) }
        repeat {
            try Pace.pause(.seconds(sample))
            last = try desk.status(since: last)
            guard watch else { return try finish(last, desk) }
            let full = withSurroundings(last, desk)
            if options.json {
                print(try OperatorJSON.text(full))
                fflush(nil)
            } else {
                Terminal.clear()
                StatusText(full).printed()
                fflush(nil)
            }
        } while true
    }

    private func finish(_ status: OutboxStatus, _ desk: OperatorDesk) throws {
        let full = withSurroundings(status, desk)
        try options.show(full) { StatusText(full).printed() }
        if !full.blockers.isEmpty { throw ExitCode(Self.obstructed) }
    }

    /// Adds consumers and services, and what the relay's own health says is in its way.
    private func withSurroundings(_ status: OutboxStatus, _ desk: OperatorDesk) -> OutboxStatus {
        var status = status
        status.services = StackServices.probes.map { $0.ask() }
        status.addBlockersOfServices()
        status.addSettingsOfServices()
        do {
            if let kafka = try options.kafka() { status.consumers = try ConsumerGroups(status, kafka).all(desk) }
        } catch {
            status.notes.append("consumers: \(error)")
        }
        return status
    }
}

/// The consumers of the order service, by the settings that its services tell.
struct ConsumerGroups {
    private let status: OutboxStatus
    private let kafka: KafkaConfiguration

    init(_ status: OutboxStatus, _ kafka: KafkaConfiguration) {
        self.status = status
        self.kafka = kafka
    }

    func all(_ desk: OperatorDesk) throws -> [ConsumerGroup] {
        let topic = status.setting("PROJECTOR_TOPIC", of: "orders-projector") ?? "outbox.event.order"
        guard let projection = try desk.projectionLag(kafka, topic: topic) else { return [] }
        let payments = try ConsumerLag(kafka).group(
            status.setting("PAYMENTS_GROUP", of: "orders-payments") ?? "payments",
            topic: status.setting("PAYMENTS_TOPIC", of: "orders-payments") ?? "outbox.event.order")
        return [projection, payments]
    }
}
