import HTTP2

/// A compression of messages that the server knows.
enum GRPCEncoding: Sendable, Equatable {
    case identity
    case gzip
    case deflate

    /// The encoding of that name; nil for a name that is not known.
    init?(_ name: UnsafeRawBufferPointer) {
        if name.matches("identity") {
            self = .identity
        } else if name.matches("gzip") {
            self = .gzip
        } else if name.matches("deflate") {
            self = .deflate
        } else {
            return nil
        }
    }

    /// The name on the wire.
    var name: StaticString {
        switch self {
        case .identity: "identity"
        case .gzip: "gzip"
        case .deflate: "deflate"
        }
    }

    /// The best encoding of a `grpc-accept-encoding` list: gzip, then deflate; identity if it names neither.
    static func best(of list: UnsafeRawBufferPointer) -> GRPCEncoding {
        var best = GRPCEncoding.identity
        for part in list.split(separator: UInt8(ascii: ",")) {
            let name = part.drop { $0 == UInt8(ascii: " ") }
            switch GRPCEncoding(UnsafeRawBufferPointer(rebasing: name)) {
            case .gzip: return .gzip
            case .deflate: best = .deflate
            case .identity, nil: break
            }
        }
        return best
    }
}

/// The compression of one call's messages.
struct GRPCMessageCoding {
    private let request: GRPCEncoding
    /// The encoding of compressed response messages; identity if none is compressed.
    let response: GRPCEncoding
    /// Bytes of the largest request message, decompressed.
    private let limitBytes: Int
    /// Bytes of the smallest response message that is compressed.
    private let thresholdBytes: Int

    /// - Parameter head: of a request whose encoding is known.
    init(_ head: borrowing GRPCRequestHead, _ limits: GRPCLimits) {
        request = head.encoding ?? .identity
        response = limits.compressionThresholdBytes == nil ? .identity : head.acceptedEncoding
        limitBytes = limits.receivedMessageBytes
        thresholdBytes = limits.compressionThresholdBytes ?? 0
    }

    /// The bytes of a request message. Throws what `Compression.decompress` throws, and INTERNAL for a compressed
    /// message of a request without an encoding.
    func message(_ frame: GRPCDeframer.Frame, in deframer: GRPCDeframer) throws(GRPCError) -> [UInt8] {
        guard frame.isCompressed else { return deframer.bytes(frame) }
        guard request != .identity else {
            throw GRPCError(.internal, "a message is marked as compressed, but grpc-encoding is identity")
        }
        let result = deframer.withBytes(frame) { bytes in
            Result { () throws(GRPCError) in try Compression.decompress(bytes, request, limitBytes: limitBytes) }
        }
        return try result.get()
    }

    /// The bytes of a response message to send: compressed if the client accepts that, the message is large enough, and
    /// it becomes smaller.
    func bytes(of frame: GRPCFrame) -> [UInt8] {
        guard response != .identity, frame.count >= thresholdBytes,
            let compressed = frame.withUnsafeBytes({ Compression.compress($0, response) }),
            compressed.count < frame.count
        else { return frame.storage }
        return GRPCFrame(compressed: compressed).storage
    }
}
