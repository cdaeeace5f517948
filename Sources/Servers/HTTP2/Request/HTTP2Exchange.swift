import NIOCore

/// One plain HTTP request and its response. Its state belongs to the stream's event loop; `write` may be called on any
/// thread.
final class HTTP2Exchange: HTTP2StreamReceiver, @unchecked Sendable {
    private let stream: HTTP2Stream
    private let refusal: @Sendable (HTTP2Refusal) -> HTTP2Response
    private let handler: @Sendable (HTTP2Request) async -> HTTP2Response
    private var body: [UInt8] = []
    private var isAnswered = false
    private let isHead: Bool
    private var run: HTTP2HandlerRun?
    private var writers: [CheckedContinuation<Void, any Error>] = []

    init(
        stream: HTTP2Stream, refusal: @escaping @Sendable (HTTP2Refusal) -> HTTP2Response,
        handler: @escaping @Sendable (HTTP2Request) async -> HTTP2Response
    ) {
        self.stream = stream
        self.refusal = refusal
        self.handler = handler
        isHead = stream.headers.first(":method") == "HEAD"
    }

    /// Refuses a request whose header fields exceed a bound; otherwise waits for the body.
    func begin() {
        if stream.hasOversizedHeaders { return refuse(.headersTooLarge) }
        if let length = stream.headers.first("content-length").flatMap({ Int($0) }), length > stream.requestBodyBytes {
            return refuse(.bodyTooLarge)
        }
        stream.expectPromptEnd()
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        stream.consume(bytes.count)
        guard !isAnswered else { return }
        guard body.count + bytes.count <= stream.requestBodyBytes else { return refuse(.bodyTooLarge) }
        body.append(contentsOf: bytes)
    }

    func receiveEnd() {
        guard !isAnswered else { return }
        guard let request = HTTP2Request(stream.headers, body: body) else {
            return refuse(.notImplemented)
        }
        body = []
        run = stream.run {
            let response = await self.handler(request)
            await self.answer(response)
        }
    }

    func requestTimedOut() { refuse(.tooSlow) }

    func becameWritable() { resumeWriters() }

    func closed(_ code: HTTP2ErrorCode) {
        run?.cancel()
        run = nil
        resumeWriters()
    }

    private func resumeWriters() {
        let waiting = writers
        writers = []
        for writer in waiting {
            if stream.isOpen { writer.resume() } else { writer.resume(throwing: CancellationError()) }
        }
    }

    private func refuse(_ reason: HTTP2Refusal) {
        guard !isAnswered else { return }
        body = []
        let response = refusal(reason)
        guard case .bytes(let bytes) = response.body else { return respond(HTTP2Response(status: reason.rawValue), []) }
        respond(response, bytes)
    }

    // MARK: - From the handler

    private func answer(_ response: HTTP2Response) async {
        switch response.body {
        case .bytes(let bytes):
            onLoop { $0.respond(response, bytes) }
        case .stream(let body):
            onLoop { $0.respond(response, nil) }
            guard !isHead else { return }
            do {
                try await body(HTTP2BodyWriter(exchange: self))
                onLoop { $0.stream.finish() }
            } catch {
                onLoop { $0.stream.reset(.internalError) }
            }
        }
    }

    /// Sends the header fields, and the body if it is known. With nil the response stays open.
    private func respond(_ response: HTTP2Response, _ bytes: [UInt8]?) {
        guard !isAnswered else { return }
        isAnswered = true
        var head = response.head
        if let bytes, !response.fields.contains(where: { $0.name.lowercased() == "content-length" }),
            response.status != 204,
            response.status != 304
        {
            head.append(HTTP2Field("content-length", bytes: Array(String(bytes.count).utf8)))
        }
        let isEmpty = bytes?.isEmpty ?? false
        stream.respond(head, end: isHead || isEmpty)
        if let bytes, !isHead, !isEmpty {
            stream.send(bytes)
            stream.finish()
        }
    }

    /// Sends a part of the body; returns when there is room for more.
    func write(_ bytes: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            onLoop { exchange in
                guard exchange.stream.isOpen else { return writer.resume(throwing: CancellationError()) }
                exchange.stream.send(bytes)
                if exchange.stream.isWritable { writer.resume() } else { exchange.writers.append(writer) }
            }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (HTTP2Exchange) -> Void) {
        if stream.eventLoop.inEventLoop { body(self) } else { stream.eventLoop.execute { body(self) } }
    }
}
