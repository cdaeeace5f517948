import OutboxKafka

/// The topic of the order service's events, where their type alone decides it.
struct RecordedTopics {
    static let aggregateType = "order"

    let topic: UInt16

    init(_ names: AuditNames) {
        topic = names.topic(names.template.name(aggregateType: Self.aggregateType, eventType: ""))
    }
}
