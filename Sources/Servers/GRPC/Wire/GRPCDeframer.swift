/// Cuts a stream of bytes into length-prefixed messages: one flag byte, four length bytes, the message.
///
/// The size limit is checked at the prefix, before any of the message is kept.
struct GRPCDeframer {
    /// A message inside the buffer, without its prefix.
    struct Frame: Equatable {
        var isCompressed: Bool
        var range: Range<Int>
    }

    /// Bytes of a prefix.
    static let prefixBytes = 5

    private let limitBytes: Int
    private var buffer: [UInt8] = []
    private var start = 0

    /// - Parameter limitBytes: bytes of the largest message.
    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Bytes that follow the last message that was returned.
    var pendingBytes: Int { buffer.count - start }

    /// Whether no byte was added yet.
    var isUnused: Bool { buffer.capacity == 0 }

    /// Uses the memory of an empty array.
    mutating func use(_ memory: consuming [UInt8]) { buffer = memory }

    /// Gives the memory up. Messages that were returned before are no longer valid.
    mutating func takeMemory() -> [UInt8] {
        start = 0
        var memory: [UInt8] = []
        swap(&memory, &buffer)
        return memory
    }

    /// Adds bytes of the request. Messages that were returned before are no longer valid, unless `bytes` is empty.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: start < 64 * 1024)
            start = 0
        } else if start > 64 * 1024 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next complete message, valid until the next `append`; nil if more bytes are needed. Throws
    /// RESOURCE_EXHAUSTED for a message beyond the limit, and INTERNAL for an unknown flag.
    mutating func next() throws(GRPCError) -> Frame? {
        guard pendingBytes >= Self.prefixBytes else { return nil }
        let flag = buffer[start]
        guard flag <= 1 else { throw GRPCError(.internal, "message flag \(flag) is neither 0 nor 1") }
        var length = 0
        for index in start + 1..<start + Self.prefixBytes { length = length << 8 | Int(buffer[index]) }
        guard length <= limitBytes else {
            throw GRPCError(.resourceExhausted, "message of \(length) bytes exceeds the limit of \(limitBytes)")
        }
        let bodyStart = start + Self.prefixBytes
        guard buffer.count - bodyStart >= length else { return nil }
        start = bodyStart + length
        return Frame(isCompressed: flag == 1, range: bodyStart..<start)
    }

    /// Calls `body` with the bytes of a frame, valid during the call.
    @inline(__always)
    func withBytes<R>(_ frame: Frame, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[frame.range])) }
    }

    /// The bytes of a frame, copied.
    func bytes(_ frame: Frame) -> [UInt8] { Array(buffer[frame.range]) }
}
