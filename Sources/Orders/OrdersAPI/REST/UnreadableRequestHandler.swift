import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Adds a JSON body to the response to a request that the HTTP/1.1 parser cannot read.
///
/// Hummingbird answers such a request with an empty 400, after the responses to the requests before it, and closes the
/// connection. This handler sees that response on its way out and replaces it with the JSON of every other error. There
/// is one handler per connection, used on its event loop only.
final class UnreadableRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let refuse: @Sendable (APIError) -> RESTResponse
    private var failure: HTTPParserError?

    /// - Parameter refuse: makes the response for an error.
    init(refuse: @escaping @Sendable (APIError) -> RESTResponse) {
        self.refuse = refuse
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error as? HTTPParserError
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let failure, case .head(let head) = unwrapOutboundIn(data), Self.hasNoBody(head) else {
            return context.write(data, promise: promise)
        }
        let response = refuse(APIError(unreadable: failure))
        var fields = response.headers
        fields[.connection] = "close"
        fields[.date] = HTTPDate.now
        context.write(
            wrapOutboundOut(.head(HTTPResponse(status: .init(code: response.status), headerFields: fields))),
            promise: nil)
        guard case .bytes(let bytes) = response.body else { return }
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: bytes))), promise: promise)
    }

    /// The 400 of ``RESTService`` for an earlier request has a body; Hummingbird's has none.
    private static func hasNoBody(_ head: HTTPResponse) -> Bool {
        head.status == .badRequest && head.headerFields[.contentLength] == "0"
    }
}

extension APIError {
    fileprivate init(unreadable failure: HTTPParserError) {
        if case .headerOverflow = failure {
            self = .headersTooLarge(bytes: RESTLimits.maximumHeaderBytes, fields: RESTLimits.maximumHeaderFields)
        } else {
            self = .invalid("request", "is not HTTP/1.1: \(failure.debugDescription)")
        }
    }
}
