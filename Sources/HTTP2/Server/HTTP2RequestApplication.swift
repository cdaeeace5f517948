/// Answers plain HTTP requests: each is collected, within bounds, and given to one asynchronous handler that runs on the
/// connection's event loop.
public struct HTTP2RequestApplication: HTTP2Application {
    private let handler: @Sendable (HTTP2Request) async -> HTTP2Response

    public init(_ handler: @escaping @Sendable (HTTP2Request) async -> HTTP2Response) {
        self.handler = handler
    }

    public func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver {
        let exchange = HTTP2Exchange(stream: stream, handler: handler)
        exchange.begin()
        return exchange
    }
}
