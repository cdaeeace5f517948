/// A plain HTTP response.
public struct HTTP2Response: Sendable {
    /// What follows the header fields.
    public enum Body: Sendable {
        case bytes([UInt8])
        /// Bytes as the closure writes them; the response ends when it returns, and is reset when it throws. Cancelled
        /// when the client leaves.
        case stream(@Sendable (HTTP2BodyWriter) async throws -> Void)
    }

    public var status: Int
    /// Lower-case names, no pseudo-header fields, none that HTTP/2 forbids (`connection` and the like are dropped).
    public var fields: [(name: String, value: String)]
    public var body: Body

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
