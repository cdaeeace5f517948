internal import Kafka
internal import Outbox
internal import Postgres

/// Writes the headers of a message: the event's id, CloudEvents in binary mode, the relay's epoch, the row's own.
struct RowHeaders {
    private let writer = KafkaHeaderWriter()
    /// Headers that all rows share come before it.
    private let shared: KafkaHeaderWriter.Mark
    private let addsCloudEvents: Bool
    private let addsEventID: Bool

    private static let id = KafkaHeaderName("id")
    private static let specVersion = KafkaHeaderName("ce_specversion")
    private static let eventID = KafkaHeaderName("ce_id")
    private static let source = KafkaHeaderName("ce_source")
    private static let type = KafkaHeaderName("ce_type")
    private static let time = KafkaHeaderName("ce_time")
    private static let subject = KafkaHeaderName("ce_subject")
    private static let sequence = KafkaHeaderName("ce_sequence")
    private static let epoch = KafkaHeaderName("outbox_relay_epoch")

    init(_ configuration: KafkaPublisherConfiguration) {
        addsCloudEvents = configuration.addsCloudEvents
        addsEventID = configuration.addsEventID
        if addsCloudEvents {
            writer.add(Self.specVersion, "1.0")
            writer.add(Self.source, configuration.source)
        }
        shared = writer.mark
    }

    /// The headers of `row`, valid until the next call.
    mutating func write(_ row: OutboxRow) -> KafkaHeaderWriter {
        writer.truncate(to: shared)
        if addsEventID { writer.add(Self.id, capacity: 36) { HeaderText.write(row.eventID, to: $0) } }
        if addsCloudEvents { addCloudEvents(row) }
        writer.add(Self.epoch, decimal: row.epoch)
        if !row.headers.isEmpty { addOwn(row.headers) }
        return writer
    }

    private func addCloudEvents(_ row: OutboxRow) {
        writer.add(Self.eventID, capacity: 36) { HeaderText.write(row.eventID, to: $0) }
        writer.add(Self.type, borrowing: row.eventType)
        writer.add(Self.time, capacity: HeaderText.timeLength) { HeaderText.write(microseconds: row.createdAt, to: $0) }
        writer.add(Self.subject, borrowing: row.aggregateID)
        if row.sequenceNumber >= 0 { writer.add(Self.sequence, decimal: row.sequenceNumber) }
    }

    private func addOwn(_ array: UnsafeRawBufferPointer) {
        var texts = TextArrayReader(array)
        while let name = texts.next(), let value = texts.next() {
            writer.add(name: String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }
}
