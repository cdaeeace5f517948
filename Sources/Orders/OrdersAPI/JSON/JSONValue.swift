/// A parsed JSON text. Numbers keep their digits, objects the order of their members.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's text, a valid JSON number.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// The name of this kind of value in an error message.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// A member of a JSON object.
struct JSONMember: Hashable, Sendable {
    let name: String
    let value: JSONValue
}

/// The first place at which a text is not JSON.
struct JSONSyntaxError: Error, Hashable {
    /// From 0.
    let byteOffset: Int
    /// The rest of a sentence that starts with the place.
    let problem: String
}

/// A JSON number without rounding: its significant digits and a power of ten.
struct JSONDecimal: Hashable, Sendable {
    let isNegative: Bool
    /// Without leading and trailing zeros; empty for zero.
    let digits: [UInt8]
    /// The number is 0.d₁d₂d₃… × 10^pointPosition. An exponent beyond ±100,000 is replaced by that bound.
    let pointPosition: Int

    private static let maximumExponent = 100_000

    /// - Parameter text: a valid JSON number.
    init(_ text: String) {
        var significand: [UInt8] = []
        var integerDigits: Int?
        var exponent = 0
        let parts = text.split(whereSeparator: { $0 == "e" || $0 == "E" })
        for byte in (parts.first ?? "").utf8 {
            switch byte {
            case UInt8(ascii: "."): integerDigits = significand.count
            case UInt8(ascii: "0")...UInt8(ascii: "9"): significand.append(byte - UInt8(ascii: "0"))
            default: break
            }
        }
        if parts.count > 1 {
            let clamped = Int(parts[1]) ?? (parts[1].hasPrefix("-") ? -Self.maximumExponent : Self.maximumExponent)
            exponent = min(max(clamped, -Self.maximumExponent), Self.maximumExponent)
        }
        let leadingZeros = significand.prefix(while: { $0 == 0 }).count
        var trimmed = Array(significand.dropFirst(leadingZeros))
        while trimmed.last == 0 { trimmed.removeLast() }
        isNegative = text.hasPrefix("-")
        digits = trimmed
        pointPosition = trimmed.isEmpty ? 0 : (integerDigits ?? significand.count) - leadingZeros + exponent
    }

    /// The number of digits behind the decimal point.
    var fractionDigits: Int { max(0, digits.count - pointPosition) }

    /// The number if it is whole and in range; nil if not.
    func integer<Value: FixedWidthInteger>() -> Value? {
        guard fractionDigits == 0, pointPosition <= 20 else { return nil }
        let zeros = String(repeating: "0", count: max(0, pointPosition - digits.count))
        let text = (isNegative && !digits.isEmpty ? "-" : "") + digits.map { String($0) }.joined() + zeros
        return Value(text.isEmpty ? "0" : text)
    }
}
