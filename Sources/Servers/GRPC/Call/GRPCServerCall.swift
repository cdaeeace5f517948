import HTTP2
import NIOCore
import SwiftProtobuf

/// One call: the driver between the bytes of an HTTP/2 stream, the machine of the call, and the handler's task.
///
/// Its state belongs to the stream's event loop. `succeed`, `end`, `fail`, `write` and `tookMessage` may be called on
/// any thread and go to the event loop.
final class GRPCServerCall: HTTP2StreamReceiver, @unchecked Sendable {
    /// The request messages on their way to a streaming handler; nil for a method with one request message.
    let requests: GRPCMessageQueue?
    let stream: HTTP2Stream
    let method: GRPCMethod
    /// nil if the client set no deadline.
    let deadline: Deadline?
    let responseMetadata = GRPCResponseMetadata()
    private let sentMessageBytes: Int
    /// On the clock of `NIODeadline`, whose size is known at compile time; 0 without an observer.
    private let startedNanoseconds: UInt64

    // The state of the event loop.
    private var machine: GRPCCallMachine
    private var deframer: GRPCDeframer
    private let coding: GRPCMessageCoding
    private var handler: Handler?
    /// Writers that wait for room in the stream's buffer.
    private var writers: [CheckedContinuation<Void, any Error>] = []

    /// The handler, on the executor where it runs.
    private enum Handler {
        case onLoop(HTTP2HandlerRun)
        case onPool(Task<Void, Never>)
        /// Without a task: the work that it waits for.
        case work(any GRPCCancellable)

        func cancel() {
            switch self {
            case .onLoop(let run): run.cancel()
            case .onPool(let task): task.cancel()
            case .work(let work): work.cancel()
            }
        }
    }

    init(stream: HTTP2Stream, method: GRPCMethod, head: borrowing GRPCRequestHead, limits: GRPCLimits) {
        self.stream = stream
        self.method = method
        sentMessageBytes = limits.sentMessageBytes
        startedNanoseconds = method.observer == nil ? 0 : NIODeadline.now().uptimeNanoseconds
        deadline = head.timeout.map { Deadline(in: min($0, limits.deadlineCeiling)) }
        switch method.start {
        case .message:
            requests = nil
            machine = GRPCCallMachine(.one, queueLimitBytes: limits.queuedRequestBytes)
        case .headers:
            requests = GRPCMessageQueue()
            machine = GRPCCallMachine(.many, queueLimitBytes: limits.queuedRequestBytes)
        }
        deframer = GRPCDeframer(limitBytes: limits.receivedMessageBytes)
        coding = GRPCMessageCoding(head, limits)
        if let deadline { start(deadline) }
    }

    /// The end of the time that a client waits. An object of its own, because most calls have none.
    final class Deadline: @unchecked Sendable {
        let instant: ContinuousClock.Instant
        fileprivate let timeout: Duration
        /// Used on the event loop only.
        fileprivate var timer: Scheduled<Void>?

        fileprivate init(in timeout: Duration) {
            self.timeout = timeout
            instant = ContinuousClock.now.advanced(by: timeout)
        }
    }

    private func start(_ deadline: Deadline) {
        deadline.timer = stream.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline.timeout)) {
            self.fail(onLoop: GRPCError(.deadlineExceeded, "the deadline has passed"))
        }
    }

    /// The call as its handler sees it.
    var context: GRPCContext { GRPCContext(call: self) }

    /// Starts a handler that reads messages as they come, or limits the time until the one message is complete.
    func begin() {
        switch method.start {
        case .message: stream.expectPromptEnd()
        case .headers(let start): start(self)
        }
    }

    /// Runs a handler and sends its responses. An error ends the call.
    typealias Work<Input> = nonisolated(nonsending) @Sendable (Input, GRPCServerCall) async throws -> Void

    /// Starts the handler, and keeps it to cancel it if the call ends first. On the event loop only.
    ///
    /// Inlined into the router's functions, so that a call makes one closure.
    @inline(__always)
    func run<Input: Sendable>(_ input: Input, placement: GRPCMethodOptions.Placement, _ work: @escaping Work<Input>) {
        let body: HTTP2HandlerRun.Work = {
            do { try await work(input, self) } catch { self.fail(error) }
        }
        let handler: Handler
        switch placement {
        case .eventLoop: handler = .onLoop(stream.run(body))
        case .pool: handler = .onPool(Task.detached { await body() })
        }
        if machine.isOpen { self.handler = handler }
    }

    /// Keeps the work of a handler without a task, to cancel it if the call ends first. On the event loop only.
    func setWork(_ work: any GRPCCancellable) {
        if machine.isOpen { handler = .work(work) }
    }

    // MARK: - From the stream

    /// Takes bytes of the request.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        if machine.isOpen {
            if deframer.isUnused { deframer.use(stream.takeSpareBytes()) }
            deframer.append(bytes)
            do {
                while machine.isOpen, let frame = try deframer.next() { try perform(machine.received(frame)) }
            } catch {
                fail(onLoop: error)
            }
            guard machine.isOpen else { return }
        }
        performOrFail(machine.receivedBytes(bytes.count, queuedBytes: requests?.queuedBytes ?? 0))
    }

    /// The request is complete.
    func receiveEnd() { performOrFail(machine.receivedEnd(pendingBytes: deframer.pendingBytes)) }

    /// The request was not complete in time.
    func requestTimedOut() { fail(onLoop: GRPCError(.deadlineExceeded, "the request was not complete in time")) }

    /// The stream's buffer has room for the writers.
    func becameWritable() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    /// The stream is closed.
    func closed(_ code: HTTP2ErrorCode) {
        if case .abandon = machine.closed() { release(.cancelled) }
    }

    @inline(__always)
    private func performOrFail(_ action: GRPCCallMachine.RequestAction) {
        do { try perform(action) } catch { fail(onLoop: error) }
    }

    /// Throws what is wrong with a compressed message.
    @inline(__always)
    private func perform(_ action: GRPCCallMachine.RequestAction) throws(GRPCError) {
        switch action {
        case .none: break
        case .start(let frame): try start(frame)
        case .deliver(let frame): requests?.push(try coding.message(frame, in: deframer))
        case .endRequests: requests?.finish(.success(()))
        case .grant(let byteCount): stream.consume(byteCount)
        case .reject(let violation, let header): sendStatus(violation.error, header)
        }
    }

    private func start(_ frame: GRPCDeframer.Frame) throws(GRPCError) {
        guard case .message(let start) = method.start else { return }
        if frame.isCompressed {
            try coding.message(frame, in: deframer).withUnsafeBytes { start(self, $0) }
        } else {
            deframer.withBytes(frame) { start(self, $0) }
        }
        stream.keepSpareBytes(deframer.takeMemory())
    }

    // MARK: - From the handler

    /// Ends a call that has one response message. Throws if it cannot be serialized, or exceeds the limit.
    func succeed(_ message: some Message) throws {
        let frame = try GRPCCodec.encode(message, limit: sentMessageBytes)
        onLoop { $0.succeed(onLoop: frame) }
    }

    /// The same, on the event loop only.
    func succeed(onLoop message: some Message) throws(GRPCError) {
        succeed(onLoop: try GRPCCodec.encode(message, limit: sentMessageBytes))
    }

    private func succeed(onLoop frame: GRPCFrame) {
        guard case .finish(let header) = machine.finish() else { return }
        sendMessage(frame, header)
        sendOK()
    }

    /// Ends a streaming call with OK.
    func end() {
        onLoop { call in
            guard case .finish(let header) = call.machine.finish() else { return }
            call.sendHeaders(header)
            call.sendOK()
        }
    }

    /// Ends the call with the status that an error stands for.
    func fail(_ error: any Error) {
        onLoop { $0.fail(onLoop: GRPCError(any: error)) }
    }

    /// The same, on the event loop only.
    func fail(onLoop error: GRPCError) {
        if case .fail(let header) = machine.fail() { sendStatus(error, header) }
    }

    /// Sends one of several messages; returns when there is room for the next one. Throws `CancellationError` when the
    /// call has ended, and if the message cannot be serialized or exceeds the limit.
    func write(_ message: some Message) async throws {
        let frame = try GRPCCodec.encode(message, limit: sentMessageBytes)
        if stream.eventLoop.inEventLoop {
            guard case .send(let header) = machine.send() else { throw CancellationError() }
            sendMessage(frame, header)
            if stream.isWritable { return }
            return try await withCheckedThrowingContinuation { waitForRoom($0) }
        }
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            onLoop { call in
                guard case .send(let header) = call.machine.send() else {
                    return writer.resume(throwing: CancellationError())
                }
                call.sendMessage(frame, header)
                call.waitForRoom(writer)
            }
        }
    }

    private func waitForRoom(_ writer: CheckedContinuation<Void, any Error>) {
        guard machine.isOpen else { return writer.resume(throwing: CancellationError()) }
        if stream.isWritable { writer.resume() } else { writers.append(writer) }
    }

    /// A streaming handler took a message; the client may get its bytes back.
    func tookMessage() {
        onLoop { call in
            guard call.machine.owesGrant, let requests = call.requests else { return }
            call.performOrFail(call.machine.tookMessage(queuedBytes: requests.queuedBytes))
        }
    }

    private func onLoop(_ body: @escaping @Sendable (GRPCServerCall) -> Void) {
        stream.call { body(self) }
    }

    // MARK: - The response

    private func sendHeaders(_ header: GRPCCallMachine.HeaderBlock) {
        guard header == .due else { return }
        let metadata = responseMetadata.current
        if metadata == nil, coding.response == .identity { return stream.respond(GRPCResponseFields.headerBlock) }
        var fields = GRPCResponseFields.headers
        if coding.response != .identity { fields.append(GRPCResponseFields.encoding(coding.response)) }
        stream.respond(fields + (metadata?.initial.fields ?? []))
    }

    private func sendMessage(_ frame: GRPCFrame, _ header: GRPCCallMachine.HeaderBlock) {
        sendHeaders(header)
        stream.send(coding.bytes(of: frame))
    }

    private func sendOK() {
        if let metadata = responseMetadata.current {
            stream.finish(trailers: GRPCResponseFields.okTrailers + metadata.trailing.fields)
        } else {
            stream.finish(trailers: GRPCResponseFields.okTrailerBlock)
        }
        release(.ok)
    }

    private func sendStatus(_ error: GRPCError, _ header: GRPCCallMachine.HeaderBlock) {
        let metadata = responseMetadata.current
        let fields = GRPCResponseFields.status(error) + (metadata?.trailing.fields ?? [])
        switch header {
        case .sent: stream.finish(trailers: fields)
        case .due: stream.respond(GRPCResponseFields.headers + (metadata?.initial.fields ?? []) + fields, end: true)
        }
        release(error.code)
    }

    /// The call has ended: stops its timer and its handler, resumes everything that waits for it, and reports it.
    /// Called once.
    private func release(_ status: GRPCStatusCode) {
        deadline?.timer?.cancel()
        deadline?.timer = nil
        if status != .ok { handler?.cancel() }
        handler = nil
        requests?.finish(.failure(CancellationError()), now: true)
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(throwing: CancellationError()) }
        if let observer = method.observer {
            let elapsed = NIODeadline.now().uptimeNanoseconds - startedNanoseconds
            observer.callEnded(status, duration: .nanoseconds(Int64(clamping: elapsed)))
        }
    }
}
