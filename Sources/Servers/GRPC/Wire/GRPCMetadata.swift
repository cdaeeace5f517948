import HTTP2

/// The key–value pairs beside a call's messages. Keys are lower-case ASCII; a key that ends in `-bin` has binary
/// values.
public struct GRPCMetadata: Sendable, Equatable {
    /// A value, binary if its key ends in `-bin`.
    public enum Value: Sendable, Equatable {
        /// Printable ASCII.
        case text(String)
        /// Any bytes; base64 on the wire.
        case binary([UInt8])
    }

    /// All pairs, in order; a key may occur more than once.
    public private(set) var pairs: [(key: String, value: Value)] = []

    /// No pairs.
    public init() {}

    /// Whether both have the same pairs in the same order.
    public static func == (left: GRPCMetadata, right: GRPCMetadata) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.key == $1.key && $0.value == $1.value }
    }

    /// Adds a text value. The key is lower-cased; characters that a header field cannot carry are dropped.
    mutating func add(_ key: String, _ value: String) {
        let allowed = value.unicodeScalars.filter { (0x20...0x7e).contains($0.value) }
        pairs.append((key.lowercased(), .text(String(String.UnicodeScalarView(allowed)))))
    }

    /// Adds a binary value. The key must end in `-bin`.
    mutating func add(_ key: String, binary value: [UInt8]) {
        pairs.append((key.lowercased(), .binary(value)))
    }

    /// The first text value of a key; nil if there is none.
    public subscript(key: String) -> String? {
        for pair in pairs where pair.key == key {
            if case .text(let text) = pair.value { return text }
        }
        return nil
    }

    /// The first binary value of a key; nil if there is none.
    public func binary(_ key: String) -> [UInt8]? {
        for pair in pairs where pair.key == key {
            if case .binary(let bytes) = pair.value { return bytes }
        }
        return nil
    }
}

// MARK: - Header fields

extension GRPCMetadata {
    /// The metadata of a request: its header fields without pseudo-header fields and without gRPC's own. Binary values
    /// that are not base64 are dropped.
    init(_ headers: HTTP2Headers) {
        self.init()
        headers.forEach { name, value in
            guard name.first != UInt8(ascii: ":"), !Self.isReserved(name) else { return }
            let key = String(decoding: name, as: UTF8.self)
            guard key.hasSuffix("-bin") else {
                add(key, String(decoding: value, as: UTF8.self))
                return
            }
            // One field may carry several values, separated by commas.
            for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                if let bytes = Base64.decode(part.filter { $0 != UInt8(ascii: " ") }) { add(key, binary: bytes) }
            }
        }
    }

    private static func isReserved(_ name: UnsafeRawBufferPointer) -> Bool {
        name.matches("te") || name.matches("content-type") || name.matches("grpc-timeout")
            || name.matches("grpc-encoding") || name.matches("grpc-accept-encoding")
    }

    /// The fields to send. Keys that belong to HTTP/2 or gRPC are left out, so that a handler cannot break the
    /// protocol.
    var fields: [HTTP2Field] {
        pairs.compactMap { key, value in
            guard Self.isSendable(key) else { return nil }
            switch value {
            case .text(let text):
                return HTTP2Field(name: key, value: text)
            case .binary(let bytes):
                return HTTP2Field(name: key, value: String(decoding: Base64.encode(bytes), as: UTF8.self))
            }
        }
    }

    private static func isSendable(_ key: String) -> Bool {
        guard !key.isEmpty, !key.hasPrefix("grpc-"), key != "content-type", key != "connection", key != "te",
            key != "transfer-encoding", key != "keep-alive", key != "upgrade", key != "proxy-connection"
        else { return false }
        return key.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
    }
}
