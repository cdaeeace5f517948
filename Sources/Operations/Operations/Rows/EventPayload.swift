import EventStore
import Values

/// The bytes of a message, in a form for people.
public struct EventPayload: Codable, Sendable, Equatable {
    /// How `text` is to be read; the raw values are part of the JSON.
    public enum Form: String, Codable, Sendable {
        /// An event of the order service: `text` is the JSON of its protobuf message.
        case protobuf
        /// A JSON value, as it is.
        case json
        /// UTF-8 without control characters.
        case text
        /// Two hexadecimal digits for each byte.
        case hex
        /// Payloads are hidden here.
        case hidden
        /// The column is NULL: a tombstone.
        case null
        /// The outbox's view fails on this row.
        case unreadable
    }

    /// How to read ``text``.
    public var form: Form
    /// nil for the last three forms.
    public var text: String?
    /// Bytes of the payload; nil where it is NULL or was not read.
    public var bytes: Int?
    /// Whether `text` is only the beginning.
    public var isCut = false

    /// - Parameters:
    ///   - bytes: the payload or its beginning; nil for NULL.
    ///   - length: the bytes of the whole payload.
    init(_ bytes: [UInt8]?, length: Int?, aggregateType: String, eventType: String?) {
        self.bytes = length
        guard let bytes else {
            form = .null
            return
        }
        isCut = bytes.count < length ?? 0
        if !isCut, aggregateType == Self.orders, let eventType, let json = EventCodec.json(eventType, bytes) {
            (form, text) = (.protobuf, json)
        } else if let string = Self.string(bytes, isCut: isCut) {
            (form, text) = (!isCut && OperatorJSON.isValue(string) ? .json : .text, string)
        } else {
            (form, text) = (.hex, Self.hex(bytes))
        }
    }

    /// A payload that was not read.
    init(_ form: Form, bytes: Int? = nil) {
        self.form = form
        self.bytes = bytes
    }

    /// The aggregate type of the order service.
    private static let orders = "order"

    /// UTF-8 without control characters other than white space; a character that was cut through at the end is dropped.
    private static func string(_ bytes: [UInt8], isCut: Bool) -> String? {
        for dropped in 0...(isCut ? min(3, bytes.count) : 0) {
            guard let text = String(validating: bytes.dropLast(dropped), as: UTF8.self) else { continue }
            let isReadable = text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0.value != 0x7F || $0 == "\n" || $0 == "\t" || $0 == "\r"
            }
            return isReadable ? text : nil
        }
        return nil
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [HexDigit.byte(of: $0 >> 4), HexDigit.byte(of: $0)] }, as: UTF8.self)
    }
}
