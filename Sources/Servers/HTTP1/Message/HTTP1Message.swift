public import HTTP2

/// A complete HTTP/1.1 request.
public struct HTTP1Request: Sendable {
    /// The method, as sent. Methods are case-sensitive.
    public let method: String
    /// The path with its query, percent-encoded, without scheme and authority; `*` for OPTIONS of the whole server.
    public let target: String
    /// All fields of the head, their names in lower case. Fields of a trailer section are dropped.
    public let headers: HTTP2Headers
    /// The decoded body, at most ``HTTP1Limits/bodyBytes``.
    public let body: [UInt8]
}

/// An HTTP/1.1 response. The connection adds `Date`, `Content-Length`, `Transfer-Encoding` and `Connection`.
public struct HTTP1Response: Sendable {
    /// The bytes after the head.
    public enum Body: Sendable {
        /// A body that is known. For HEAD only its length is sent.
        case bytes([UInt8])
        /// The bytes that the closure writes. The response ends when the closure returns; the connection is closed
        /// when it throws. Its task is cancelled when the client leaves. Not called for HEAD.
        case stream(@Sendable (HTTP1BodyWriter) async throws -> Void)
    }

    /// The HTTP status, 200 to 599.
    let status: Int
    let fields: [(name: String, value: String)]
    let body: Body

    /// - Parameter fields: names and values, which have no control characters.
    public init(status: Int, fields: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Why a request is answered by its connection. The connection is closed after the response.
public struct HTTP1Refusal: Error, Sendable, Hashable {
    /// The HTTP status.
    public let status: Int
    /// The part of the request at fault: a field's name, or `request`, `target`, `headers`, `body`, `trailers`.
    public let part: String
    /// Why the part is not acceptable, as the rest of a sentence that starts with the part.
    public let problem: String

    init(_ status: Int, _ part: String, _ problem: String) {
        self.status = status
        self.part = part
        self.problem = problem
    }

    static func malformed(_ part: String, _ problem: String) -> HTTP1Refusal { HTTP1Refusal(400, part, problem) }
}

/// Answers the requests of an HTTP/1.1 server.
public protocol HTTP1Application: Sendable {
    /// Answers a request. Runs on the connection's event loop; the task is cancelled when the client leaves.
    nonisolated(nonsending) func respond(to request: HTTP1Request) async -> HTTP1Response

    /// Makes the response to a request that cannot be read or exceeds a bound. Called on the event loop.
    func refuse(_ refusal: HTTP1Refusal) -> HTTP1Response
}
