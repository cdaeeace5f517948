import SwiftProtobuf

/// Serialized bytes with room for the five-byte prefix in front: a message is encoded straight into what is sent.
struct GRPCFrame: SwiftProtobufContiguousBytes {
    private(set) var storage: [UInt8]

    private static let prefix = GRPCDeframer.prefixBytes

    init(repeating byte: UInt8, count: Int) {
        storage = Self.bytes(repeating: byte, count: count + Self.prefix)
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

    /// Bytes put on the stack at most.
    private static let smallBytes = 1_024

    /// Appended if they are few, because the initializers of Array look its storage's type up at each call.
    private static func bytes(repeating byte: UInt8, count: Int) -> [UInt8] {
        guard count <= smallBytes else { return [UInt8](repeating: byte, count: count) }
        var bytes: [UInt8] = []
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { block in
            block.initialize(repeating: byte)
            bytes.append(contentsOf: UnsafeBufferPointer(block))
        }
        return bytes
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
