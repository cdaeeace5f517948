import Glibc
import Kafka
import Outbox

/// The topic of each row, without making a string per row: rows of one type follow each other.
struct TopicCache {
    private let producer: KafkaProducer
    private let template: TopicTemplate
    private var lastAggregateType: [UInt8] = []
    private var lastEventType: [UInt8] = []
    private var last: KafkaTopic?
    private let headers: [String]

    init(_ producer: KafkaProducer, _ template: TopicTemplate) {
        self.producer = producer
        self.template = template
        headers = template.headers
    }

    /// - Throws: ``KafkaError`` if the row can have no topic.
    mutating func topic(of row: OutboxRow) throws(KafkaError) -> KafkaTopic {
        if let last, headers.isEmpty, Self.isEqual(lastAggregateType, row.aggregateType),
            !template.usesEventType || Self.isEqual(lastEventType, row.eventType)
        {
            return last
        }
        let name = template.name(
            aggregateType: String(decoding: row.aggregateType, as: UTF8.self),
            eventType: String(decoding: row.eventType, as: UTF8.self), headers: try values(row))
        let topic = try producer.topic(name)
        last = topic
        lastAggregateType = Array(row.aggregateType)
        lastEventType = Array(row.eventType)
        return topic
    }

    /// The headers that are part of the topic's name. A row without one of them has no topic: half a name would be the
    /// name of another topic.
    private func values(_ row: OutboxRow) throws(KafkaError) -> [String: String] {
        guard !headers.isEmpty else { return [:] }
        var values: [String: String] = [:]
        var texts = TextArrayReader(row.headers)
        while let name = texts.next(), let value = texts.next() {
            values[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        for name in headers where values[name, default: ""].isEmpty {
            throw KafkaError(.invalidTopic, "the row has no value for {header.\(name)} in the topic's name")
        }
        return values
    }

    private static func isEqual(_ known: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard known.count == bytes.count else { return false }
        guard let base = bytes.baseAddress, !known.isEmpty else { return true }
        return memcmp(known, base, known.count) == 0
    }
}
