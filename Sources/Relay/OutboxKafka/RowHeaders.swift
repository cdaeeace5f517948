import Kafka
import Outbox
import Values

/// Writes the headers of a message: the event's id, CloudEvents in binary mode, the relay's epoch, the row's own.
struct RowHeaders {
    private let writer = KafkaHeaderWriter()
    /// The end of the headers that all rows share.
    private let shared: KafkaHeaderWriter.Mark
    private let addsCloudEvents: Bool
    private let addsEventID: Bool

    // Not static: each use would check whether it is initialised.
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
            // Kafka takes two headers of one name, and consumers read the last one, which must not be the row's.
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

/// Reads a `text[]` in Postgres's binary format, element by element. Malformed bytes end it; a NULL element reads as
/// empty.
struct TextArrayReader: IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 20
    private var left: Int

    /// The array's header is the number of dimensions, a flag, the element type, and per dimension its length and lower
    /// bound.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        left = bytes.count >= 20 && Self.integer(bytes, 0) == 1 ? Self.integer(bytes, 12) : 0
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard left > 0, offset + 4 <= bytes.count else { return nil }
        let length = max(0, Self.integer(bytes, offset))
        offset += 4
        guard offset + length <= bytes.count else { return nil }
        defer { offset += length }
        left -= 1
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
}
