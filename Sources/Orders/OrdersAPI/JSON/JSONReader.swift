import Values

/// A strict parser of one JSON text (RFC 8259): UTF-8 only, no duplicate names, bounded nesting, no bytes after the
/// value.
///
/// SwiftProtobuf's JSON decoder accepts texts that this API must refuse (duplicate names, digits finer than a cent),
/// and its errors do not name the field. Therefore REST has a parser of its own.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// - Throws: ``JSONSyntaxError`` for the first place at which the text is not JSON.
    static func read(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value()
        reader.skipSpace()
        guard reader.position == bytes.count else {
            throw reader.problem("there is something after the end of the value")
        }
        return value
    }

    /// Whether the text is a JSON number and nothing else.
    static func isNumber(_ text: String) -> Bool {
        var reader = JSONReader(Array(text.utf8))
        guard let first = reader.current, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else {
            return false
        }
        return (try? reader.number()) != nil && reader.position == reader.bytes.count
    }

    private func problem(_ text: String) -> JSONSyntaxError {
        JSONSyntaxError(byteOffset: position, problem: text)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Skips space, and `byte` if it is next; returns whether it was.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        guard let first = current else { throw problem("the text ends where a value should be") }
        switch first {
        case UInt8(ascii: "{"): return try nested(Self.object)
        case UInt8(ascii: "["): return try nested(Self.array)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw problem("a value cannot start with this character")
        }
    }

    private mutating func nested(
        _ read: (inout JSONReader) throws(JSONSyntaxError) -> JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        guard depth < RESTLimits.maximumJSONDepth else {
            throw problem("values are nested more than \(RESTLimits.maximumJSONDepth) deep")
        }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try read(&self)
    }

    private static let membersWithoutSet = 16

    private static func object(_ reader: inout JSONReader) throws(JSONSyntaxError) -> JSONValue {
        var members: [JSONMember] = []
        // Only an object with many members is worth a set of their names.
        var names: Set<String> = []
        if reader.take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            reader.skipSpace()
            guard reader.current == UInt8(ascii: "\"") else { throw reader.problem("a name in quotes should be here") }
            let name = try reader.string()
            let isNew: Bool
            if members.count < membersWithoutSet {
                isNew = !members.contains { $0.name == name }
            } else {
                if names.isEmpty { names = Set(members.map(\.name)) }
                isNew = names.insert(name).inserted
            }
            guard isNew else { throw reader.problem("the name \"\(name)\" comes twice") }
            guard reader.take(UInt8(ascii: ":")) else { throw reader.problem("a colon should be here") }
            members.append(JSONMember(name: name, value: try reader.value()))
        } while reader.take(UInt8(ascii: ","))
        guard reader.take(UInt8(ascii: "}")) else { throw reader.problem("a comma or a closing brace should be here") }
        return .object(members)
    }

    private static func array(_ reader: inout JSONReader) throws(JSONSyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        if reader.take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try reader.value())
        } while reader.take(UInt8(ascii: ","))
        guard reader.take(UInt8(ascii: "]")) else {
            throw reader.problem("a comma or a closing bracket should be here")
        }
        return .array(elements)
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard current == text.utf8Start[index] else { throw problem("this is not \(text)") }
            position += 1
        }
        return value
    }
}

// MARK: - Numbers

extension JSONReader {
    private mutating func number() throws(JSONSyntaxError) -> String {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw problem("a digit should be here") }
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        if let plain = try plainString() { return plain }
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("the string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0..<0x20:
                throw problem("a control character must be escaped")
            default:
                text.append(byte)
            }
        }
        throw problem("the text ends inside a string")
    }

    /// The usual string, which has no escape, without a copy of its bytes; nil for another one.
    private mutating func plainString() throws(JSONSyntaxError) -> String? {
        let start = position
        let length: Int? = bytes.withUnsafeBufferPointer { bytes in
            for index in start..<bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\""): return index - start
                case UInt8(ascii: "\\"), 0..<0x20: return nil
                default: break
                }
            }
            return nil
        }
        guard let length else { return nil }
        position += length + 1
        guard
            let string = bytes.withUnsafeBufferPointer({
                String(validating: UnsafeBufferPointer(rebasing: $0[start..<(start + length)]), as: UTF8.self)
            })
        else { throw problem("the string is not UTF-8") }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        let escaped = current
        position += 1
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escaped ?? 0)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try escapedScalar()).utf8))
        default: throw problem("there is no such escape")
        }
    }

    /// Reads one `\u` escape, or the two of a surrogate pair. A lone surrogate is an error.
    private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw problem("half of a surrogate pair is no character") }
        position += 2
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw problem("half of a surrogate pair is no character") }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = HexDigit.value(of: byte) else {
                throw problem("a \\u escape has four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
