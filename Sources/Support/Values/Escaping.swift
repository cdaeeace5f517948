/// Text that outside data cannot break out of: JSON strings and lines of a log.
///
/// SQL is quoted by `PostgresConnection.quoteIdentifier` and `quoteLiteral`, labels of metrics by the metrics registry.
public enum Escaping {
    /// `text` as a JSON string (RFC 8259 §7) with its quotation marks. Control characters and DEL are escaped; all
    /// other characters stay as they are.
    public static func json(_ text: String) -> String {
        var bytes: [UInt8] = []
        appendJSON(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same in UTF-8, without making a `String`.
    public static func appendJSON(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            // Nearly all text is copied as a whole.
            var (copied, index) = (0, 0)
            while index < text.count {
                if isEscapedInJSON(text[index]) {
                    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied..<index]))
                    appendEscape(text[index], to: &bytes)
                    copied = index + 1
                }
                index += 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private static func isEscapedInJSON(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(ascii: "n"))
        default:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(HexDigit.byte(of: byte >> 4))
            bytes.append(HexDigit.byte(of: byte))
        }
    }

    /// Replaces control characters and DEL by Swift's escapes, as in `\n` and `\u{1B}`, so that outside text cannot
    /// forge a second log line or steer a terminal.
    public static func controls(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? $0.escaped(asASCII: true) : String($0) }
            .joined()
    }

    /// Joins the lines of a message by `; `. C libraries end messages with a line feed and spread them over lines.
    public static func singleLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}

/// Hexadecimal digits as ASCII bytes.
public enum HexDigit {
    /// The value of a digit of either case, 0 to 15; nil for any other byte.
    public static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The lower-case digit of the lower four bits of `value`.
    public static func byte(of value: UInt8) -> UInt8 {
        let nibble = value & 0xF
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
