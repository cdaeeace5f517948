/// Answers plain HTTP requests: each is collected, within bounds, and given to one asynchronous handler that runs on
/// the connection's event loop.
public struct HTTP2RequestApplication: HTTP2Application {
    private let refusal: @Sendable (HTTP2Refusal) -> HTTP2Response
    private let handler: @Sendable (HTTP2Request) async -> HTTP2Response

    /// - Parameter refusal: the answer to a request that exceeds a bound, a bare status by default. Called on the event
    ///   loop.
    public init(
        refusal: @escaping @Sendable (HTTP2Refusal) -> HTTP2Response = { HTTP2Response(status: $0.status) },
        _ handler: @escaping @Sendable (HTTP2Request) async -> HTTP2Response
    ) {
        self.refusal = refusal
        self.handler = handler
    }

    public func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver {
        let exchange = HTTP2Exchange(stream: stream, refusal: refusal, handler: handler)
        exchange.begin()
        return exchange
    }
}
