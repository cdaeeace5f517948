/// A JSON number taken apart without rounding: its significant digits and the power of ten they are multiplied by.
struct JSONDecimal: Hashable, Sendable {
    let isNegative: Bool
    /// Without leading and trailing zeros; empty for zero.
    let digits: [UInt8]
    /// The number is 0.d₁d₂d₃… × 10^pointPosition. Exponents beyond any sense are clamped.
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

    /// How many digits there are behind the decimal point.
    var fractionDigits: Int { max(0, digits.count - pointPosition) }

    /// The number itself, if it is whole and fits.
    func integer<Value: FixedWidthInteger>() -> Value? {
        guard fractionDigits == 0, pointPosition <= 20 else { return nil }
        let zeros = String(repeating: "0", count: max(0, pointPosition - digits.count))
        let text = (isNegative && !digits.isEmpty ? "-" : "") + digits.map { String($0) }.joined() + zeros
        return Value(text.isEmpty ? "0" : text)
    }
}
