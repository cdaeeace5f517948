import HTTP2

extension GRPCMetadata {
    /// What a request's header fields hold for the handler: pseudo-header fields and gRPC's own are left out.
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

    /// As fields to send. Keys that HTTP/2 or gRPC owns are left out, so that a handler cannot break the protocol.
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
