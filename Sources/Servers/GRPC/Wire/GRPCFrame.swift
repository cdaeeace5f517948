import SwiftProtobuf

/// A serialized message behind its five-byte prefix. SwiftProtobuf writes the message into the array that is sent.
struct GRPCFrame: SwiftProtobufContiguousBytes {
    /// The prefix and the message.
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

    /// A frame around a compressed message.
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

    /// The largest size that is built on the stack.
    private static let smallBytes = 1_024

    /// Few bytes are appended, because the initializers of Array look up the type of its storage at each call.
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

/// Converts messages to bytes and back. Its errors are gRPC's.
enum GRPCCodec {
    /// Throws INTERNAL when the bytes are not such a message.
    static func decode<M: Message>(_ type: M.Type, _ bytes: UnsafeRawBufferPointer) throws(GRPCError) -> M {
        do {
            return try M(serializedBytes: bytes.bytes)
        } catch {
            throw GRPCError(.internal, "the request is not a valid \(M.protoMessageName)")
        }
    }

    /// Throws INTERNAL when the bytes are not such a message.
    static func decode<M: Message>(_ type: M.Type, _ bytes: [UInt8]) throws(GRPCError) -> M {
        do {
            return try M(serializedBytes: bytes)
        } catch {
            throw GRPCError(.internal, "the request is not a valid \(M.protoMessageName)")
        }
    }

    /// Throws RESOURCE_EXHAUSTED when the message has more than `limit` bytes.
    static func encode(_ message: some Message, limit: Int) throws(GRPCError) -> GRPCFrame {
        let frame: GRPCFrame
        do {
            frame = try message.serializedBytes()
        } catch {
            throw GRPCError(.internal, "the response cannot be serialized")
        }
        guard frame.count <= limit else {
            throw GRPCError(.resourceExhausted, "response of \(frame.count) bytes exceeds the limit of \(limit)")
        }
        return frame
    }
}
