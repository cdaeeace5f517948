import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// REST over HTTP/1.1: Hummingbird has the connections, ``RESTService`` makes the responses.
struct HummingbirdResponder: HTTPResponder {
    typealias Context = RESTContext

    let service: RESTService

    func respond(to request: Request, context: RESTContext) async throws -> Response {
        let body = request.body
        let response = await service.respond(
            to: RESTRequest(
                method: request.method, target: request.head.path ?? "/", headers: request.headers,
                body: { try await Self.collect(body, maximumBytes: $0) }))
        return Response(
            status: .init(code: response.status), headers: response.headers, body: Self.body(response.body, request))
    }

    private static func collect(_ body: RequestBody, maximumBytes: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= maximumBytes else {
                throw APIError.bodyTooLarge(maximumBytes)
            }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    private static func body(_ body: RESTResponse.Body, _ request: Request) -> ResponseBody {
        switch body {
        case .bytes(let bytes):
            return bytes.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        case .stream(let produce):
            return ResponseBody { writer in
                let sender = BodySender(writer)
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await produce { try await sender.send($0) }
                }
                try await writer.finish(nil)
            }
        }
    }
}

/// The context that Hummingbird makes for each request. The API does not use it, but Hummingbird demands a type.
struct RESTContext: InitializableFromSource {
    init(source: ApplicationRequestContextSource) {}
}

/// Carries the writer of a streamed body to the task that is cancelled when the client closes the connection.
///
/// Unchecked: ``RESTResponse/Send`` is awaited before it is called again, so two tasks never use the writer at once.
private final class BodySender: @unchecked Sendable {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) {
        self.writer = writer
    }

    func send(_ bytes: [UInt8]) async throws {
        try await writer.write(ByteBuffer(bytes: bytes))
    }
}
