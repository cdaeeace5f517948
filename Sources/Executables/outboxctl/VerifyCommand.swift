import ArgumentParser
import FoundationEssentials
import Kafka
import Operations
import OutboxKafka
import Postgres
import Values
import Verify

/// Audits everything that was ever promised.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Audits event store, outbox, Kafka and read model against each other, while writes go on.",
        discussion: """
            Every published row and every event must be in Kafka, byte for byte and in the order of its key, and \
            nothing else; sequence numbers must have no gap; each row of the read model must be the fold of its \
            events. The audit knows what is still on its way, what is held, skipped, edited, replayed or recorded as \
            lost, and says what it cannot judge. On an adopted table it compares outbox and Kafka.

            It needs 64 bytes in TMPDIR for each row, event and record, and holds one snapshot of Postgres until it \
            ends: old versions of rows stay as long.

            Ends with status 0 without a difference, 1 with differences or if the audit could not be made.

            Examples:
              outboxctl verify
              outboxctl verify --since 2h --json | jq .differences
              outboxctl verify --every 10m --port 8090
            """)

    @Option(help: "Only what was written since then: a time such as '2026-01-31 12:00+00', or an age such as 5m.")
    var since: String?
    @Option(help: "Only what was written before then.")
    var until: String?
    @Option(help: "Only this aggregate type.")
    var type: String?
    @Option(help: "Only this aggregate id.")
    var aggregate: String?
    @Option(help: "The topics; by default RELAY_TOPIC of the relay.")
    var topics: String?
    @Option(help: "Audit again and again, with this pause between two audits, such as 10m.")
    var every: String?
    @Option(help: "With --every: the port of /metrics, /livez and /readyz.")
    var port = 8089
    @Option(help: "With --every: the address of that port; 0.0.0.0 lets everybody read the metrics.")
    var host = "127.0.0.1"
    @OptionGroup var options: DeskOptions

    func validate() throws {
        if let every, pause == nil {
            throw ValidationError("--every: '\(every)' is not a time from 1s to 1d such as 10m")
        }
        guard (0...Int(UInt16.max)).contains(port) else { throw ValidationError("--port: \(port) is not in 0...65535") }
        if let topics, TopicTemplate(topics) == nil {
            throw ValidationError("--topics: '\(topics)' is no template such as outbox.event.{aggregate_type}")
        }
    }

    private var pause: Duration? {
        guard let every, let pause = DurationText.parse(every) else { return nil }
        let range = VerifyLimits.pauseSeconds
        return (Duration.seconds(range.lowerBound)...Duration.seconds(range.upperBound)).contains(pause) ? pause : nil
    }

    func run() async throws {
        guard let kafka = try options.kafka() else {
            throw ValidationError("KAFKA_BOOTSTRAP_SERVERS is not set: there is nothing to compare the outbox with")
        }
        let audit = Audit(try request(), postgres: Database.configuration(as: "outboxctl verify"), kafka: kafka)
        if let pause { await VerifyService.run(audit, pause: pause, host: host, port: port) }
        let bar = options.json ? nil : ProgressBar()
        let report = try await audit.run(AuditProgress { bar?.show($0) })
        bar?.clear()
        try options.show(report) { VerifyText(report).printed() }
        if !report.isClean { throw ExitCode.failure }
    }

    private func request() throws -> AuditRequest {
        var request = AuditRequest()
        request.schema = options.schema
        (request.aggregateType, request.aggregateId) = (type, aggregate)
        request.directory = FileManager.default.temporaryDirectory.path
        if let template = TopicTemplate(topics ?? StackServices.relayTopics ?? TopicTemplate.default.text) {
            request.topics = template
        }
        request.checkpointTopic = StackServices.relaySetting("RELAY_CHECKPOINT_TOPIC") ?? request.checkpointTopic
        guard since != nil || until != nil else { return request }
        let desk = try options.open()
        request.since = try since.map { try options.moment($0, "--since", desk) }
        request.until = try until.map { try options.moment($0, "--until", desk) }
        return request
    }
}
