import SwiftProtobuf

/// Serialized bytes with room for the five-byte prefix in front: a message is encoded straight into what is sent.
struct GRPCFrame: SwiftProtobufContiguousBytes {
    private(set) var storage: [UInt8]

    private static let prefix = GRPCDeframer.prefixBytes

    init(repeating byte: UInt8, count: Int) {
        storage = [UInt8](repeating: byte, count: count + Self.prefix)
        setPrefix(isCompressed: false)
    }

    init<S: Sequence>(_ sequence: S) where S.Element == UInt8 {
        storage = [UInt8](repeating: 0, count: Self.prefix)
        storage.append(contentsOf: sequence)
        setPrefix(isCompressed: false)
    }

    /// A frame around bytes that were compressed.
    init(compressed bytes: [UInt8]) {
        self.init(bytes)
        setPrefix(isCompressed: true)
    }

    /// Bytes of the message, without the prefix.
    var count: Int { storage.count - Self.prefix }

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[Self.prefix...])) }
    }

    mutating func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try storage.withUnsafeMutableBytes { try body(UnsafeMutableRawBufferPointer(rebasing: $0[Self.prefix...])) }
    }

    private mutating func setPrefix(isCompressed: Bool) {
        let length = UInt32(clamping: count)
        storage[0] = isCompressed ? 1 : 0
        storage[1] = UInt8(truncatingIfNeeded: length >> 24)
        storage[2] = UInt8(truncatingIfNeeded: length >> 16)
        storage[3] = UInt8(truncatingIfNeeded: length >> 8)
        storage[4] = UInt8(truncatingIfNeeded: length)
    }
}
