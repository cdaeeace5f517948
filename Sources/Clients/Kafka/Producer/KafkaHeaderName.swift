/// A header name as C bytes at a fixed address: made once, used by every message.
///
/// `@unchecked`: the bytes are never written after init.
public final class KafkaHeaderName: @unchecked Sendable {
    let bytes: UnsafeMutablePointer<CChar>
    let count: Int

    /// - Parameter name: ends at its first NUL, if it has one.
    public init(_ name: String) {
        let utf8 = Array(name.utf8)
        bytes = .allocate(capacity: utf8.count + 1)
        for (index, byte) in utf8.enumerated() { bytes[index] = CChar(bitPattern: byte) }
        bytes[utf8.count] = 0
        count = utf8.count
    }

    deinit { bytes.deallocate() }

    /// The name as text.
    public var name: String { String(cString: bytes) }
}
