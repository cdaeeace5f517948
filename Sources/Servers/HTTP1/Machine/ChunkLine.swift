import Values

/// The line before a chunk: its size in hexadecimal and extensions, which are checked and ignored (RFC 9112 §7.1.1).
enum ChunkLine {
    /// Hexadecimal digits of a size that cannot overflow.
    private static let maximumDigits = 15

    static func size(_ line: UnsafeRawBufferPointer) throws(HTTP1Refusal) -> Int {
        var size = 0
        var position = 0
        while position < line.count, let digit = HexDigit.value(of: line[position]) {
            guard position < maximumDigits else { throw .malformed("body", "has a chunk size with too many digits") }
            size = size << 4 | Int(digit)
            position += 1
        }
        guard position > 0, isExtensions(line[part: position..<line.count]) else {
            throw .malformed("body", "has a chunk size that is no hexadecimal number")
        }
        return size
    }

    /// Whether the bytes are `*( BWS ";" BWS name [ BWS "=" BWS value ] )`.
    private static func isExtensions(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = Cursor(bytes: bytes)
        while !rest.isAtEnd {
            rest.skipSpace()
            guard rest.take(UInt8(ascii: ";")) else { return false }
            rest.skipSpace()
            guard rest.takeToken() else { return false }
            let end = rest.position
            rest.skipSpace()
            if rest.take(UInt8(ascii: "=")) {
                rest.skipSpace()
                guard rest.takeQuoted() || rest.takeToken() else { return false }
            } else {
                rest.position = end
            }
        }
        return true
    }

    private struct Cursor {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func skipSpace() {
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        mutating func takeToken() -> Bool {
            let start = position
            while position < bytes.count, ByteClass.of(bytes[position]).contains(.token) { position += 1 }
            return position > start
        }

        mutating func takeQuoted() -> Bool {
            guard take(UInt8(ascii: "\"")) else { return false }
            while position < bytes.count, ByteClass.of(bytes[position]).contains(.value) {
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\"") { return true }
                if byte == UInt8(ascii: "\\") {
                    guard position < bytes.count, ByteClass.of(bytes[position]).contains(.value) else { return false }
                    position += 1
                }
            }
            return false
        }
    }
}
