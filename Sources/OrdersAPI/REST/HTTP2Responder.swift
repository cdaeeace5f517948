import HTTP2
import HTTPTypes
import Logging
import NIOCore

/// The REST face over HTTP/2: the same answers on the same connections as gRPC.
struct HTTP2Responder: HTTP2Application {
    let service: RESTService
    let logger: Logger

    func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver {
        HTTP2RequestReceiver(stream, service)
    }
}

/// Collects one request's body and sends its response. Everything here happens on the stream's event loop.
private final class HTTP2RequestReceiver: HTTP2StreamReceiver, @unchecked Sendable {
    private let stream: HTTP2Stream
    private let service: RESTService
    private var body: [UInt8] = []
    private var isOversize = false
    private var isClosed = false
    private var task: Task<Void, Never>?
    private var writers: [CheckedContinuation<Void, any Error>] = []

    init(_ stream: HTTP2Stream, _ service: RESTService) {
        self.stream = stream
        self.service = service
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        stream.consume(bytes.count)
        guard task == nil else { return }
        if body.count + bytes.count > RESTLimits.maximumBodyBytes {
            isOversize = true
            start()
        } else {
            body.append(contentsOf: bytes)
        }
    }

    func receiveEnd() {
        if task == nil { start() }
    }

    func becameWritable() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    func closed(_ code: HTTP2.HTTP2ErrorCode) {
        isClosed = true
        task?.cancel()
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(throwing: CancellationError()) }
    }

    private func start() {
        let request = RESTRequest(stream, body: isOversize ? nil : body)
        let isHead = request.method == .head
        let hasOversizedHeaders = stream.hasOversizedHeaders
        task = Task.immediate(executorPreference: stream.executor) {
            let response =
                hasOversizedHeaders
                ? RESTResponse(APIError.invalid("headers", "are too large").withHTTPStatus(431))
                : await self.service.respond(to: request)
            await self.send(response, isHead: isHead)
        }
    }

    private func send(_ response: RESTResponse, isHead: Bool) async {
        var fields = [HTTP2Field(name: ":status", value: String(response.status))]
        for field in response.headers {
            fields.append(HTTP2Field(name: field.name.canonicalName, value: field.value))
        }
        switch response.body {
        case .bytes(let bytes):
            let head = fields
            onLoop {
                $0.stream.respond(head, end: bytes.isEmpty)
                $0.stream.send(bytes)
                $0.stream.finish()
            }
        case .stream(let produce):
            let head = fields
            onLoop { $0.stream.respond(head, end: isHead) }
            do {
                try await produce { try await self.send(piece: $0) }
                onLoop { $0.stream.finish() }
            } catch {
                onLoop { $0.stream.reset(.cancel) }
            }
        }
    }

    private func send(piece: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            onLoop { receiver in
                guard !receiver.isClosed else { return writer.resume(throwing: CancellationError()) }
                receiver.stream.send(piece)
                if receiver.stream.isWritable { writer.resume() } else { receiver.writers.append(writer) }
            }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (HTTP2RequestReceiver) -> Void) {
        if stream.eventLoop.inEventLoop { return body(self) }
        stream.eventLoop.execute { body(self) }
    }
}

extension RESTRequest {
    /// - Parameter body: nil if it was larger than ``RESTLimits/maximumBodyBytes``.
    fileprivate init(_ stream: HTTP2Stream, body: [UInt8]?) {
        var method = HTTPRequest.Method.get
        var target = "/"
        var headers = HTTPFields()
        for (name, value) in stream.headers.all {
            switch name {
            case ":method": method = HTTPRequest.Method(value) ?? .get
            case ":path": target = value
            default:
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
        }
        self.init(method: method, target: target, headers: headers) { maximumBytes in
            guard let body, body.count <= maximumBytes else { throw APIError.bodyTooLarge(maximumBytes) }
            return body
        }
    }
}
