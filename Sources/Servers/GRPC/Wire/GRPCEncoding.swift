import HTTP2

/// A message compression that the server understands.
enum GRPCEncoding: Sendable, Equatable {
    case identity
    case gzip
    case deflate

    /// nil for an encoding that is not known.
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

    /// The best encoding of a `grpc-accept-encoding` list; identity when it names no other that is known.
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
