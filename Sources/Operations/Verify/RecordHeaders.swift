import Glibc
import Kafka
import Values

/// What the headers of a record tell an audit.
struct RecordHeaders {
    var eventID: UUIDBytes?
    var sequence = AuditEntry.noRank
    /// The number of the event type; ``AuditNames/unknown`` without the header.
    var type = AuditNames.unknown
    /// When the row was written, in microseconds since 1970.
    var createdAt: Int64?
    var isReplay = false
    /// The outbox that the record says it is of.
    var tag: UInt64?

    /// The last of several headers of one name counts.
    init(_ record: borrowing KafkaRecordView, _ types: inout TypeNames) {
        var found = RecordHeaders()
        record.forEachHeader { name, value in
            // Most names differ in their length.
            switch name.count {
            case 2 where Self.isNamed(name, "id"): found.eventID = UUIDBytes(utf8: value)
            case 5 where Self.isNamed(name, "ce_id"): if found.eventID == nil { found.eventID = UUIDBytes(utf8: value) }
            case 7 where Self.isNamed(name, "ce_type"): found.type = types.number(value)
            case 7 where Self.isNamed(name, "ce_time"): found.createdAt = Self.microseconds(value)
            case 11 where Self.isNamed(name, "ce_sequence"): found.sequence = Self.decimal(value) ?? AuditEntry.noRank
            case 13 where Self.isNamed(name, "outbox_replay"): found.isReplay = true
            case 16 where Self.isNamed(name, "outbox_relay_cut"): found.tag = Self.tag(value)
            default: break
            }
        }
        self = found
    }

    private init() {}

    /// Of two names of the same length.
    private static func isNamed(_ name: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        name.baseAddress.map { memcmp($0, other.utf8Start, name.count) == 0 } ?? false
    }

    static func decimal(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard (1...18).contains(text.count) else { return nil }
        var value: Int64 = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Behind `4711@`, 16 hexadecimal digits.
    private static func tag(_ value: UnsafeRawBufferPointer) -> UInt64? {
        guard value.count > 17, value[value.count - 17] == UInt8(ascii: "@") else { return nil }
        var tag: UInt64 = 0
        for byte in value[(value.count - 16)...] {
            guard let digit = HexDigit.value(of: byte) else { return nil }
            tag = tag << 4 | UInt64(digit)
        }
        return tag
    }

    /// `2026-01-31T12:34:56.123456Z`, as the relay writes it; nil for another form.
    static func microseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count == CivilTime.microsecondTextLength, text[26] == UInt8(ascii: "Z") else { return nil }
        let number = { (range: Range<Int>) in decimal(UnsafeRawBufferPointer(rebasing: text[range])) }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), let fraction = number(20..<26)
        else { return nil }
        let days = CivilTime.daysSince1970(year: year, month: month, day: day)
        return (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000 + fraction
    }
}
