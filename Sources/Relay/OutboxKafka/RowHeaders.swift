import Kafka
import Outbox
import Values

/// Writes the headers of a message: the event's id, CloudEvents in binary mode, the relay's epoch and cut, the row's
/// own.
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
    private let cut = KafkaHeaderName("outbox_relay_cut")

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
        if row.cut > 0 { writer.add(cut, capacity: Self.cutLength) { Self.write(row.cut, row.outboxTag, to: $0) } }
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
        case UInt8(ascii: "o"):
            name.elementsEqual("outbox_relay_epoch".utf8) || name.elementsEqual("outbox_relay_cut".utf8)
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

// MARK: - The cut

extension RowHeaders {
    /// The longest value: a number of 19 digits, `@` and 16 hexadecimal digits.
    private static let cutLength = 36

    /// Writes `4711@9f3c2a1b5d6e7f80`, the cut's number and the outbox's tag; the length.
    private static func write(_ cut: Int64, _ tag: UInt64, to target: UnsafeMutableRawBufferPointer) -> Int {
        var (digits, length) = (cut, 1)
        while digits >= 10 {
            digits /= 10
            length += 1
        }
        digits = cut
        for index in (0..<length).reversed() {
            target[index] = UInt8(ascii: "0") + UInt8(digits % 10)
            digits /= 10
        }
        target[length] = UInt8(ascii: "@")
        for index in 0..<16 {
            let digit = UInt8(tag >> UInt64(60 - 4 * index) & 15)
            target[length + 1 + index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
        return length + 17
    }

    /// The cut's number and the outbox's tag in a header's value; nil if it has another form.
    static func cut(_ value: ArraySlice<UInt8>) -> (cut: Int64, tag: UInt64)? {
        let parts = String(decoding: value, as: UTF8.self).split(separator: "@")
        guard parts.count == 2, let cut = Int64(parts[0]), let tag = UInt64(parts[1], radix: 16) else { return nil }
        return (cut, tag)
    }
}
