import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Puts words into the answer to a request that the HTTP/1.1 parser gave up on.
///
/// Hummingbird answers it with an empty 400, after the answers to the requests before it, and ends the connection. That
/// response comes by here on its way out and gets the JSON of every other error. One per connection, used on its event
/// loop only.
final class UnreadableRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let refuse: @Sendable (APIError) -> RESTResponse
    private var failure: HTTPParserError?

    /// - Parameter refuse: the answer to a request with this error.
    init(refuse: @escaping @Sendable (APIError) -> RESTResponse) {
        self.refuse = refuse
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error as? HTTPParserError
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let failure, case .head(let head) = unwrapOutboundIn(data), Self.isWithoutWords(head) else {
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

    /// Our own answers to bad requests, which may still be under way, have a body.
    private static func isWithoutWords(_ head: HTTPResponse) -> Bool {
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
