/// The classes of bytes in a message head, one table lookup per byte.
struct ByteClass: OptionSet {
    let rawValue: UInt8

    /// A character of a method or of a field name (RFC 9110 §5.6.2, `tchar`).
    static let token = ByteClass(rawValue: 1)
    /// A byte of a field value: visible, space, tab or above ASCII (RFC 9110 §5.5).
    static let value = ByteClass(rawValue: 2)
    /// A byte of a request target: visible ASCII but the number sign, which would begin a fragment.
    static let target = ByteClass(rawValue: 4)
    /// A byte of a host name: unreserved, sub-delims (RFC 3986 §3.2.2) but the comma, which joins two values of a
    /// doubled field. Percent-encoding is checked apart.
    static let host = ByteClass(rawValue: 8)

    /// Whether all bytes are of this class.
    @inline(__always)
    func containsAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        ByteClass.table.withUnsafeBufferPointer { table in
            var all: UInt8 = 0xFF
            for byte in bytes { all &= table[Int(byte)] }
            return all & rawValue != 0
        }
    }

    @inline(__always)
    static func of(_ byte: UInt8) -> ByteClass { ByteClass(rawValue: table[Int(byte)]) }

    private static let table: [UInt8] = (0...255).map { (byte: Int) -> UInt8 in
        let byte = UInt8(byte)
        var classes: ByteClass = []
        let isAlphanumeric =
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        if isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte) { classes.insert(.token) }
        if byte == 0x09 || (byte >= 0x20 && byte != 0x7F) { classes.insert(.value) }
        if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "#") { classes.insert(.target) }
        if isAlphanumeric || "-._~!$&'()*+;=".utf8.contains(byte) { classes.insert(.host) }
        return classes.rawValue
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are those of a lower-case literal, in any case.
    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where Self.lowercased(self[index]) != text.utf8Start[index] { return false }
        return true
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    @inline(__always)
    subscript(part range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// Without spaces and tabs at both ends.
    @inline(__always)
    var trimmed: UnsafeRawBufferPointer {
        var (low, high) = (0, count)
        while low < high, self[low] == 0x20 || self[low] == 0x09 { low += 1 }
        while high > low, self[high - 1] == 0x20 || self[high - 1] == 0x09 { high -= 1 }
        return self[part: low..<high]
    }

    /// The elements of a list between commas, trimmed, without the empty ones (RFC 9110 §5.6.1). Not for values with
    /// quoted strings.
    func forEachListElement(_ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        for index in 0...count where index == count || self[index] == UInt8(ascii: ",") {
            let element = self[part: start..<index].trimmed
            if !element.isEmpty { body(element) }
            start = index + 1
        }
    }
}
