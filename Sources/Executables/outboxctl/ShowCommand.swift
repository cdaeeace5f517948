import ArgumentParser
import Operations

/// Shows one event's life.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one row: who wrote it when, why it waits, where it is in Kafka, and what became of it.",
        discussion: """
            The outbox does not keep partition and offset. Where KAFKA_BOOTSTRAP_SERVERS is known, the record is \
            looked for in Kafka by key and id; the search is bounded and says so.

            Ends with status 1 if there is no such row.

            Examples:
              outboxctl show 4711
              outboxctl show 4711 --json | jq .kafka.place
            """)

    @Argument(help: "The row's outbox_id.")
    var outboxId: Int64
    @Flag(help: "Do not look for the record in Kafka.")
    var noKafka = false
    @Option(help: "The topic; by default RELAY_TOPIC of the relay, with the aggregate type put in.")
    var topic: String?
    @OptionGroup var options: DeskOptions

    func run() throws {
        guard var life = try options.reading({ try $0.life(of: outboxId) }) else {
            report("there is no row \(outboxId): it was never committed, or was deleted after the retention")
            throw ExitCode.failure
        }
        if !noKafka { try addKafka(&life) }
        try options.show(life) { LifeText(life).printed() }
    }

    private func addKafka(_ life: inout EventLife) throws {
        guard let configuration = try options.kafka() else {
            life.notes.append("KAFKA_BOOTSTRAP_SERVERS is not set: nobody looked in Kafka")
            return
        }
        do {
            life.add(try KafkaSearch(configuration).find(life.event, in: topicName(life.event)))
        } catch {
            life.notes.append("Kafka: \(error)")
        }
    }

    private func topicName(_ event: OutboxEvent) -> String {
        if let topic { return topic }
        return StackServices.topics
            .replacing("{aggregate_type}", with: event.aggregateType)
            .replacing("{event_type}", with: event.eventType ?? "")
    }
}

/// One event's life for people.
struct LifeText {
    private let life: EventLife

    init(_ life: EventLife) { self.life = life }

    func printed() {
        let event = life.event
        var table = Table(["", ""])
        func add(_ name: String, _ value: String?, _ tone: Terminal.Tone? = nil) {
            if let value { table.add([.init(name, .quiet), .init(value, tone)]) }
        }
        add("row", "\(event.outboxId) of \(event.key)", .strong)
        add("event", event.eventType.map { "\($0)\(event.sequenceNumber.map { ", sequence \($0)" } ?? "")" })
        add("event id", event.eventId)
        table.add([.init("state", .quiet), EventText.state(event)])
        add("waits", life.waits, .attention)
        add("appended", event.createdAt?.description)
        add("committed", commit)
        add("trace", life.traceparent)
        addKafka(add)
        addOrder(add)
        let headers = event.headers?.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } ?? []
        add("headers", headers.isEmpty ? nil : headers.joined(separator: ", "))
        add("payload", EventText.payload(event.payload))
        for decision in life.decisions { add("decision", DecisionText.line(decision)) }
        for note in life.notes { add("note", note, .attention) }
        table.printed(hasTitles: false)
    }

    private var commit: String? {
        let late = life.isLate == true ? "; late: its transaction was in progress when a cut was taken" : ""
        guard let transaction = life.event.transactionId else { return nil }
        return "transaction \(transaction)\(life.committedAt.map { " at \($0)" } ?? "")\(late)"
    }

    private func addKafka(_ add: (String, String?, Terminal.Tone?) -> Void) {
        guard let finding = life.kafka else { return }
        guard let place = finding.place else { return add("kafka", finding.summary, .attention) }
        let after = life.publishedAfterMilliseconds.map { ", \(Words.age($0 / 1_000)) after the insert" } ?? ""
        add("kafka", "\(place.topic)[\(place.partition)] offset \(place.offset)", .good)
        add("published", "\(place.timestamp?.description ?? "?")\(after)", nil)
        add("cut", place.cut.map { "\($0), epoch \(place.epoch.map { "\($0)" } ?? "?")" }, nil)
    }

    private func addOrder(_ add: (String, String?, Terminal.Tone?) -> Void) {
        guard let order = life.order else { return }
        let version = order.projectedVersion.map { "the read model is at version \($0)" } ?? "the read model has no row"
        let applied = "applied\(order.appliedAt.map { " at \($0)" } ?? ""): \(version)"
        add(
            "projection", order.isProjected ? applied : "not applied: \(version)",
            order.isProjected ? .good : .attention)
        add("payment", order.paymentInitiatedAt.map { "initiated at \($0)" }, nil)
        add("", order.paymentSettledAt.map { "answered at \($0)" }, nil)
    }
}
