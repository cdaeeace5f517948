import Values

/// The authority of a request: the value of `Host`, and the part of an absolute target between scheme and path.
enum Authority {
    /// Whether the bytes are a host, not empty, with an optional port (RFC 9110 §7.2, RFC 3986 §3.2). User information
    /// is refused (RFC 9110 §4.2.4).
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        if first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            return isIPLiteral(bytes[part: 1..<end]) && isPort(bytes[part: (end + 1)..<bytes.count])
        }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
        return colon > 0 && isName(bytes[part: 0..<colon]) && isPort(bytes[part: colon..<bytes.count])
    }

    private static func isName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, HexDigit.value(of: bytes[index + 1]) != nil,
                    HexDigit.value(of: bytes[index + 2]) != nil
                else { return false }
                index += 3
            } else {
                guard ByteClass.of(bytes[index]).contains(.host) else { return false }
                index += 1
            }
        }
        return true
    }

    /// An IPv6 address, as far as its characters go, or an address of a later version.
    private static func isIPLiteral(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 2 else { return false }
        if bytes[0] == UInt8(ascii: "v") || bytes[0] == UInt8(ascii: "V") {
            return bytes.allSatisfy { ByteClass.of($0).contains(.host) || $0 == UInt8(ascii: ":") }
        }
        return bytes.contains(UInt8(ascii: ":"))
            && bytes.allSatisfy { HexDigit.value(of: $0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }

    /// Empty, or a colon and a number up to 65535; the number may be missing.
    private static func isPort(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return true }
        guard first == UInt8(ascii: ":"), bytes.count <= 6 else { return false }
        var port = 0
        for byte in bytes.dropFirst() {
            guard (0x30...0x39).contains(byte) else { return false }
            port = port * 10 + Int(byte - 0x30)
        }
        return port <= 65_535
    }
}
