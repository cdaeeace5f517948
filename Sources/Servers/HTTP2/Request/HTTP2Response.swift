/// A plain HTTP response.
public struct HTTP2Response: Sendable {
    /// The bytes after the header fields.
    public enum Body: Sendable {
        /// A body that is known; `content-length` is added.
        case bytes([UInt8])
        /// The bytes that the closure writes. The response ends when the closure returns, and the stream is reset when
        /// it throws. Its task is cancelled when the client leaves. Not called for HEAD.
        case stream(@Sendable (HTTP2BodyWriter) async throws -> Void)
    }

    /// The HTTP status, 200 to 599.
    let status: Int
    /// Header fields; pseudo-header fields, and fields that HTTP/2 forbids such as `connection`, are not sent.
    let fields: [(name: String, value: String)]
    let body: Body

    /// - Parameters:
    ///   - status: the HTTP status, 200 to 599.
    ///   - fields: header fields, their names in upper or lower case. Pseudo-header fields, and fields that HTTP/2
    ///     forbids (`connection` and the like), are not sent.
    ///   - body: empty by default.
    public init(status: Int, fields: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// The header fields to send.
    var head: [HTTP2Field] {
        var head = [HTTP2Field(":status", bytes: Array(String(status).utf8))]
        for (name, value) in fields where Self.isAllowed(name) {
            head.append(HTTP2Field(name: name.lowercased(), value: value))
        }
        return head
    }

    private static func isAllowed(_ name: String) -> Bool {
        switch name.lowercased() {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": false
        default: !name.hasPrefix(":")
        }
    }
}

/// Writes the body of a streamed response. May be used on any thread, by one writer at a time.
public struct HTTP2BodyWriter: Sendable {
    let exchange: HTTP2Exchange

    /// Sends bytes. Returns when there is room for more, so that a slow reader costs bounded memory. Throws
    /// `CancellationError` when the client has left.
    public func write(_ bytes: [UInt8]) async throws {
        try await exchange.write(bytes)
    }
}
