/// Answers plain HTTP requests. Each request is collected within bounds and given to one asynchronous handler, which
/// runs on the connection's event loop.
public struct HTTP2RequestApplication: HTTP2Application {
    private let refusal: @Sendable (HTTP2Refusal) -> HTTP2Response
    private let handler: @Sendable (HTTP2Request) async -> HTTP2Response

    /// - Parameters:
    ///   - refusal: makes the response to a request that exceeds a bound; by default a status without a body. Called on
    ///     the event loop.
    ///   - handler: answers a request. Its task is cancelled when the client leaves.
    public init(
        refusal: @escaping @Sendable (HTTP2Refusal) -> HTTP2Response = { HTTP2Response(status: $0.rawValue) },
        _ handler: @escaping @Sendable (HTTP2Request) async -> HTTP2Response
    ) {
        self.refusal = refusal
        self.handler = handler
    }

    /// Starts to collect the request, or refuses it at once.
    public func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver {
        let exchange = HTTP2Exchange(stream: stream, refusal: refusal, handler: handler)
        exchange.begin()
        return exchange
    }
}

/// A complete plain HTTP request.
public struct HTTP2Request: Sendable {
    /// The method, as sent: in upper case for all methods that are standard.
    public let method: String
    /// The path with its query, as sent.
    public let path: String
    /// All fields, pseudo-header fields included.
    public let headers: HTTP2Headers
    /// The body, at most `HTTP2Limits.requestBodyBytes`.
    public let body: [UInt8]

    /// nil for a request without method or path (CONNECT).
    init?(_ headers: HTTP2Headers, body: [UInt8]) {
        guard let method = headers.first(":method"), let path = headers.first(":path") else { return nil }
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// The reason why a plain HTTP request is answered without its handler. The raw value is the HTTP status.
public enum HTTP2Refusal: Int, Sendable {
    /// The request was not complete within `HTTP2Limits.requestTimeout`.
    case tooSlow = 408
    /// The body has, or announces, more than `HTTP2Limits.requestBodyBytes`.
    case bodyTooLarge = 413
    /// The header list has more than `HTTP2Limits.headerListBytes`.
    case headersTooLarge = 431
    /// The method is CONNECT, which has no path.
    case notImplemented = 501
}
