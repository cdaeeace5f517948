/// A complete plain HTTP request.
public struct HTTP2Request: Sendable {
    public var method: String
    /// The path with its query, as sent.
    public var path: String
    public var scheme: String
    /// The host the client asked for; empty if it named none.
    public var authority: String
    /// All fields, pseudo-header fields included.
    public var headers: HTTP2Headers
    public var body: [UInt8]
    public var peer: HTTP2Peer

    /// nil for a request without method or path (CONNECT).
    init?(_ headers: HTTP2Headers, body: [UInt8], peer: HTTP2Peer) {
        guard let method = headers.first(":method"), let path = headers.first(":path") else { return nil }
        self.method = method
        self.path = path
        scheme = headers.first(":scheme") ?? "http"
        authority = headers.first(":authority") ?? headers.first("host") ?? ""
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}
