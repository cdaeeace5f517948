import Values

/// Writes JSON into one byte buffer. The caller writes names and values; the writer adds commas and escapes.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// - Parameter capacity: the expected number of bytes.
    init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// Writes an object; `body` writes its members.
    mutating func object(_ body: (inout JSONWriter) -> Void) {
        wrapped("{", "}", body)
    }

    /// Writes an array; `body` writes one value per element.
    mutating func array<S: Sequence>(_ elements: S, _ body: (inout JSONWriter, S.Element) -> Void) {
        wrapped("[", "]") { writer in
            for element in elements { body(&writer, element) }
        }
    }

    /// Writes the name of a member, which needs no escapes; its value must follow.
    mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func member(_ memberName: StaticString, _ value: String) {
        name(memberName)
        string(value)
    }

    mutating func member(_ memberName: StaticString, number: some BinaryInteger) {
        name(memberName)
        literal(String(number))
    }

    /// A member whose name is only known at run time.
    mutating func member(named memberName: String, _ value: String) {
        string(memberName)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        string(value)
    }

    /// Writes a string, escaped.
    mutating func string(_ text: String) {
        separate()
        Escaping.appendJSON(text, to: &bytes)
        needsComma = true
    }

    /// Writes a number, true, false or null without any check.
    mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    /// Whole cents as a number in whole units with as few decimals as possible: 99.99, 12.5, 100.
    static func decimal(cents: Int64) -> String {
        let (whole, rest) = cents.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return String(whole) }
        if rest % 10 == 0 { return "\(whole).\(rest / 10)" }
        return "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }

    private mutating func wrapped(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
