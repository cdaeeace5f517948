import HTTP2
import NIOCore

/// One call: between the bytes of its HTTP/2 stream and its handler's task.
///
/// Its state belongs to the stream's event loop; `succeed`, `end`, `fail`, `write` and `tookMessage` may be called
/// from anywhere and go there. Wrong calls by a peer end it with a status; whatever comes after its end is dropped.
final class GRPCServerCall: HTTP2StreamReceiver, @unchecked Sendable {
    let stream: HTTP2Stream
    let context: GRPCContext
    let limits: GRPCLimits
    /// The way of messages to a streaming handler; nil for a method with one request.
    let requests: GRPCMessageQueue?
    private let method: GRPCMethod
    /// On the clock of `NIODeadline`, which takes no room that is only known at run time; 0 if nobody asks.
    private let startedNanoseconds: UInt64

    // ---- the event loop's own ----
    private var deframer: GRPCDeframer
    private let encoding: GRPCEncoding
    private let acceptedEncoding: GRPCEncoding
    private var phase = Phase.receiving
    private var hasRespondedHeaders = false
    private var handler: Handler?
    private var deadlineTimer: Scheduled<Void>?
    private var messageCount = 0
    private var first: GRPCDeframer.Frame?
    private var unconsumed = 0
    private var writers: [CheckedContinuation<Void, any Error>] = []

    /// A small request never gets its bytes of window back: its stream ends with it.
    private static let smallestIncrementBytes = 8 * 1024

    /// The handler, wherever it runs.
    private enum Handler {
        case onLoop(HTTP2HandlerRun)
        case onPool(Task<Void, Never>)

        func cancel() {
            switch self {
            case .onLoop(let run): run.cancel()
            case .onPool(let task): task.cancel()
            }
        }
    }

    private enum Phase {
        /// No status was sent.
        case receiving
        /// A status was sent, or the stream is gone.
        case ended
    }

    init(stream: HTTP2Stream, method: GRPCMethod, head: borrowing GRPCRequestHead, limits: GRPCLimits) {
        self.stream = stream
        self.method = method
        requests = if case .headers = method.start { GRPCMessageQueue() } else { nil }
        self.limits = limits
        let timeout = head.timeout.map { min($0, limits.deadlineCeiling) }
        startedNanoseconds = method.observer == nil ? 0 : NIODeadline.now().uptimeNanoseconds
        context = GRPCContext(
            method: method.name, peer: stream.peer,
            deadline: timeout.map { ContinuousClock.now.advanced(by: $0) }, headers: stream.headers)
        deframer = GRPCDeframer(limitBytes: limits.receivedMessageBytes)
        encoding = head.encoding ?? .identity
        acceptedEncoding = head.acceptedEncoding
        if let timeout { startDeadline(timeout) }
    }

    /// Starts a handler that does not wait for a message, or limits the wait for it.
    func begin() {
        switch method.start {
        case .message: stream.expectPromptEnd()
        case .headers(let start): start(self)
        }
    }

    /// Starts the handler, and keeps hold of it, to cancel it when the call ends before it.
    @inline(__always)
    func run(placement: GRPCMethodOptions.Placement, _ body: @escaping HTTP2HandlerRun.Work) {
        let handler: Handler
        switch placement {
        case .eventLoop: handler = .onLoop(stream.run(body))
        case .pool: handler = .onPool(Task.detached { await body() })
        }
        if phase == .receiving { self.handler = handler }
    }

    // MARK: - From the stream

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .receiving else { return stream.consume(bytes.count) }
        deframer.append(bytes)
        do {
            while let frame = try deframer.next() { try receive(frame) }
        } catch {
            return fail(onLoop: error)
        }
        replenish(bytes.count)
    }

    private func receive(_ frame: GRPCDeframer.Frame) throws(GRPCError) {
        messageCount += 1
        switch method.start {
        case .message:
            guard messageCount == 1 else { throw GRPCError(.unimplemented, "more than one request message") }
            first = frame
        case .headers:
            requests?.push(try decompressed(frame))
        }
    }

    /// Gives the peer its window back, unless a streaming handler has enough to do.
    private func replenish(_ byteCount: Int) {
        unconsumed += byteCount
        if let requests {
            if requests.queuedBytes > limits.queuedRequestBytes { return }
        } else if unconsumed < Self.smallestIncrementBytes {
            return
        }
        stream.consume(unconsumed)
        unconsumed = 0
    }

    func receiveEnd() {
        guard phase == .receiving else { return }
        if deframer.pendingBytes > 0 {
            return fail(onLoop: GRPCError(.internal, "the request ends inside a message"))
        }
        switch method.start {
        case .headers:
            requests?.finish(.success(()))
        case .message(let start):
            guard let first else { return fail(onLoop: GRPCError(.unimplemented, "no request message")) }
            begin(first, start)
        }
    }

    private func begin(
        _ frame: GRPCDeframer.Frame, _ start: @Sendable (GRPCServerCall, UnsafeRawBufferPointer) -> Void
    ) {
        guard frame.isCompressed else { return deframer.withBytes(frame) { start(self, $0) } }
        do {
            let bytes = try decompressed(frame)
            bytes.withUnsafeBytes { start(self, $0) }
        } catch {
            fail(onLoop: error)
        }
    }

    private func decompressed(_ frame: GRPCDeframer.Frame) throws(GRPCError) -> [UInt8] {
        guard frame.isCompressed else { return deframer.bytes(frame) }
        guard encoding != .identity else {
            throw GRPCError(.internal, "a message is marked as compressed, but grpc-encoding is identity")
        }
        let encoding = encoding
        let limit = limits.receivedMessageBytes
        let result = deframer.withBytes(frame) { bytes in
            Result { () throws(GRPCError) in try Compression.decompress(bytes, encoding, limitBytes: limit) }
        }
        return try result.get()
    }

    func requestTimedOut() {
        fail(onLoop: GRPCError(.deadlineExceeded, "the request was not complete in time"))
    }

    func becameWritable() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    func closed(_ code: HTTP2ErrorCode) {
        let wasOpen = phase == .receiving
        conclude(.cancelled, report: wasOpen)
    }

    // MARK: - From the handler

    /// Ends a call that has one response message.
    func succeed(_ frame: GRPCFrame) {
        if stream.eventLoop.inEventLoop { succeed(onLoop: frame) } else { onLoop { $0.succeed(onLoop: frame) } }
    }

    private func succeed(onLoop frame: GRPCFrame) {
        guard phase == .receiving else { return }
        respondHeaders()
        stream.send(encoded(frame))
        finish()
    }

    /// Ends a streaming call with OK.
    func end() {
        onLoop { call in
            guard call.phase == .receiving else { return }
            call.respondHeaders()
            call.finish()
        }
    }

    /// Ends the call with the status that an error stands for.
    func fail(_ error: any Error) {
        onLoop { $0.fail(onLoop: GRPCError(any: error)) }
    }

    /// Sends one of several messages; returns when there is room for the next.
    func write(_ frame: GRPCFrame) async throws {
        if stream.eventLoop.inEventLoop {
            guard phase == .receiving else { throw CancellationError() }
            if send(frame) { return }
            return try await withCheckedThrowingContinuation { waitForRoom($0) }
        }
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            onLoop { call in
                guard call.phase == .receiving else { return writer.resume(throwing: CancellationError()) }
                if call.send(frame) { writer.resume() } else { call.waitForRoom(writer) }
            }
        }
    }

    private func send(_ frame: GRPCFrame) -> Bool {
        respondHeaders()
        stream.send(encoded(frame))
        return stream.isWritable
    }

    private func waitForRoom(_ writer: CheckedContinuation<Void, any Error>) {
        guard phase == .receiving else { return writer.resume(throwing: CancellationError()) }
        if stream.isWritable { writer.resume() } else { writers.append(writer) }
    }

    /// A streaming handler took a message; there may be room for more.
    func tookMessage() {
        onLoop { call in
            if call.phase == .receiving, call.unconsumed > 0 { call.replenish(0) }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (GRPCServerCall) -> Void) {
        if stream.eventLoop.inEventLoop { body(self) } else { stream.eventLoop.execute { body(self) } }
    }

    // MARK: - The response

    private func respondHeaders() {
        guard !hasRespondedHeaders else { return }
        hasRespondedHeaders = true
        let metadata = context.initialMetadata()
        if metadata.isEmpty, responseEncoding == .identity { return stream.respond(GRPCResponseFields.headerBlock) }
        var fields = GRPCResponseFields.headers
        if responseEncoding != .identity {
            fields.append(GRPCResponseFields.encoding(responseEncoding))
        }
        stream.respond(fields + metadata.fields)
    }

    /// What messages may be compressed with; settled before the header block is sent.
    private var responseEncoding: GRPCEncoding {
        limits.compressionThresholdBytes == nil ? .identity : acceptedEncoding
    }

    /// The bytes to send: compressed if that was agreed, is worth it, and helps.
    private func encoded(_ frame: GRPCFrame) -> [UInt8] {
        guard responseEncoding != .identity, let threshold = limits.compressionThresholdBytes, frame.count >= threshold,
            let compressed = frame.withUnsafeBytes({ Compression.compress($0, responseEncoding) }),
            compressed.count < frame.count
        else { return frame.storage }
        return GRPCFrame(compressed: compressed).storage
    }

    private func finish() {
        let metadata = context.trailingMetadata()
        if metadata.isEmpty {
            stream.finish(trailers: GRPCResponseFields.okTrailerBlock)
        } else {
            stream.finish(trailers: GRPCResponseFields.okTrailers + metadata.fields)
        }
        conclude(.ok, report: true)
    }

    private func fail(onLoop error: GRPCError) {
        guard phase == .receiving else { return }
        let fields = GRPCResponseFields.status(error) + context.trailingMetadata().fields
        if hasRespondedHeaders {
            stream.finish(trailers: fields)
        } else {
            stream.respond(GRPCResponseFields.headers + context.initialMetadata().fields + fields, end: true)
        }
        conclude(error.code, report: true)
    }

    /// The only way out: releases everybody who waits, once.
    private func conclude(_ status: GRPCStatusCode, report: Bool) {
        guard phase == .receiving else { return }
        phase = .ended
        deadlineTimer?.cancel()
        deadlineTimer = nil
        if status != .ok { handler?.cancel() }
        handler = nil
        requests?.finish(.failure(CancellationError()), now: true)
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(throwing: CancellationError()) }
        if report, let observer = method.observer {
            let elapsed = NIODeadline.now().uptimeNanoseconds - startedNanoseconds
            observer.callEnded(status, duration: .nanoseconds(Int64(clamping: elapsed)))
        }
    }

    private func startDeadline(_ timeout: Duration) {
        deadlineTimer = stream.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(timeout.wholeNanoseconds)) {
            self.fail(onLoop: GRPCError(.deadlineExceeded, "the deadline has passed"))
        }
    }
}
