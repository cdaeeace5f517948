import Kafka
import Outbox
import Values

/// Writes the headers of a message: the event's id, CloudEvents in binary mode, the relay's epoch, the row's own.
struct RowHeaders {
    private let writer = KafkaHeaderWriter()
    /// Headers that all rows share come before it.
    private let shared: KafkaHeaderWriter.Mark
    private let addsCloudEvents: Bool
    private let addsEventID: Bool

    // Not static: each use would ask whether it was made yet.
    private let id = KafkaHeaderName("id")
    private let specVersion = KafkaHeaderName("ce_specversion")
    private let eventID = KafkaHeaderName("ce_id")
    private let source = KafkaHeaderName("ce_source")
    private let type = KafkaHeaderName("ce_type")
    private let time = KafkaHeaderName("ce_time")
    private let subject = KafkaHeaderName("ce_subject")
    private let sequence = KafkaHeaderName("ce_sequence")
    private let epoch = KafkaHeaderName("outbox_relay_epoch")

    init(_ configuration: KafkaPublisherConfiguration) {
        addsCloudEvents = configuration.addsCloudEvents
        addsEventID = configuration.addsEventID
        if addsCloudEvents {
            writer.add(specVersion, "1.0")
            writer.add(source, configuration.source)
        }
        shared = writer.mark
    }

    /// The headers of `row`, valid until the next call.
    mutating func write(_ row: OutboxRow) -> KafkaHeaderWriter {
        writer.truncate(to: shared)
        if addsEventID { writer.add(id, capacity: UUIDBytes.textLength) { row.eventID.write(to: $0) } }
        if addsCloudEvents { addCloudEvents(row) }
        writer.add(epoch, decimal: row.epoch)
        if !row.headers.isEmpty { addOwn(row.headers, hasSequence: row.sequenceNumber >= 0) }
        return writer
    }

    private func addCloudEvents(_ row: OutboxRow) {
        writer.add(eventID, capacity: UUIDBytes.textLength) { row.eventID.write(to: $0) }
        writer.add(type, borrowing: row.eventType)
        writer.add(time, capacity: CivilTime.microsecondTextLength) {
            CivilTime(microsecondsSince1970: row.createdAt).write(to: $0)
        }
        writer.add(subject, borrowing: row.aggregateID)
        if row.sequenceNumber >= 0 { writer.add(sequence, decimal: row.sequenceNumber) }
    }

    private func addOwn(_ array: UnsafeRawBufferPointer, hasSequence: Bool) {
        var texts = TextArrayReader(array)
        while let name = texts.next(), let value = texts.next() {
            // Kafka takes two headers of one name, and consumers read the last: it must not be the row's.
            guard !name.isEmpty, !isWritten(name, hasSequence) else { continue }
            writer.add(name: String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// Whether the relay writes a header of this name itself. Most names differ in their first byte.
    private func isWritten(_ name: UnsafeRawBufferPointer, _ hasSequence: Bool) -> Bool {
        switch name[0] {
        case UInt8(ascii: "i"): addsEventID && name.elementsEqual("id".utf8)
        case UInt8(ascii: "o"): name.elementsEqual("outbox_relay_epoch".utf8)
        case UInt8(ascii: "c"):
            addsCloudEvents
                && (["ce_id", "ce_type", "ce_time", "ce_source", "ce_subject", "ce_specversion"].contains {
                    name.elementsEqual($0.utf8)
                }
                    || hasSequence && name.elementsEqual("ce_sequence".utf8))
        default: false
        }
    }
}
