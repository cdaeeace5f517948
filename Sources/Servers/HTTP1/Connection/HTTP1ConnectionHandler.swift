import HTTP2
import Logging
import NIOCore

/// Moves bytes between a channel and its state machine, runs the application and gives the connection's clock the time.
/// One per connection, used on its event loop only.
final class HTTP1ConnectionHandler: ChannelInboundHandler, HTTP2LoopContext.Connection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case open
        /// The last response is on its way to the socket.
        case closing
        /// The last response was sent. Input is dropped until the client closes, so that no reset overtakes it.
        case lingering
        case closed
    }

    private let server: HTTP1LoopState
    private let limits: HTTP1Limits
    private let logger: Logger
    private var context: ChannelHandlerContext?
    private var machine: HTTP1Machine
    private var clock: RequestClock
    private var phase = Phase.open
    private var output = ByteBuffer()
    private var run: HTTP2HandlerRun?
    private var writers: [CheckedContinuation<Void, any Error>] = []
    /// Counts requests, so that a late part of a response finds out that its request is over.
    private var requests: UInt64 = 0
    private var isAnswering = false
    /// The loop in ``advance()`` runs: a response that comes meanwhile does not start it again.
    private var isAdvancing = false
    private var isMarked = false
    private var isReading = true
    private var isDraining = false
    /// Output left since the last tick, or the socket can take it.
    private var progressed = false
    /// The connection ends with the output that waits.
    private var closesAfterOutput = false

    init(server: HTTP1LoopState, limits: HTTP1Limits, logger: Logger) {
        self.server = server
        self.limits = limits
        self.logger = logger
        machine = HTTP1Machine(limits: limits)
        clock = RequestClock(limits: limits, now: Self.now())
    }

    private static func now() -> Duration {
        .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        server.loop.add(self, tick: TimeAmount(limits.timerInterval))
        logger.trace("connection opened")
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        server.loop.beginBatch()
        unwrapInboundIn(data).withUnsafeReadableBytes { machine.receive($0) }
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        server.loop.turn()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        progressed = true
        if context.channel.isWritable {
            resumeWriters()
            advance()
            mark()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    private func end() {
        guard phase != .closed else { return }
        phase = .closed
        logger.trace("connection closed", metadata: ["requests": "\(requests)"])
        run?.cancel()
        run = nil
        resumeWriters()
        server.loop.remove(self)
    }

    // MARK: - Requests

    /// Performs the actions of the machine until it waits.
    private func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        while phase == .open, !isAnswering, !closesAfterOutput, output.readableBytes < limits.outputBytes,
            context?.channel.isWritable == true
        {
            switch machine.next(&server.gatherer) {
            case .wait: return adjustReading()
            case .sendContinue:
                output.writeStaticString(ResponseHead.continueLine)
                mark()
            case .answer(let request): answer(request)
            case .refuse(let refusal): refuse(refusal)
            }
        }
        adjustReading()
    }

    private func answer(_ request: HTTP1Request) {
        requests += 1
        isAnswering = true
        let exchange = HTTP1Exchange(connection: self, eventLoop: server.loop.eventLoop, number: requests)
        let application = server.application
        let started = server.loop.run {
            let response = await application.respond(to: request)
            await exchange.send(response)
        }
        if isAnswering { run = started }
    }

    private func refuse(_ refusal: HTTP1Refusal) {
        let response = server.application.refuse(refusal)
        guard case .bytes(let bytes) = response.body else { return close() }
        write(response, .length(bytes.count), machine.exchange.isHead ? [] : bytes, closes: true)
        closesAfterOutput = true
    }

    /// Requests that wait are bounded: beyond the bound the socket is not read.
    private func adjustReading() {
        let isWanted = phase != .open || machine.waitingBytes < limits.waitingBytes
        guard isWanted != isReading, let context else { return }
        isReading = isWanted
        try? context.channel.syncOptions?.setOption(.autoRead, value: isWanted)
    }

    // MARK: - Responses

    /// Sends the head of the response to a request, with the body if it is known.
    ///
    /// - Returns: whether the body of a stream is wanted.
    func respond(_ response: HTTP1Response, to request: UInt64) -> Bool {
        guard phase == .open, isAnswering, request == requests else { return false }
        let exchange = machine.exchange
        var isOpen = exchange.isKeptAlive && !isDraining
        var framing: ResponseHead.Framing
        var body: [UInt8] = []
        switch response.body {
        case .bytes(let bytes):
            framing = response.status == 204 || response.status == 304 ? .none : .length(bytes.count)
            if !exchange.isHead, framing != .none { body = bytes }
        case .stream:
            framing = exchange.isVersion10 ? .untilClose : .chunked
            if exchange.isVersion10, !exchange.isHead { isOpen = false }
        }
        write(response, framing, body, closes: !isOpen)
        if !isOpen { machine.exchangeCloses() }
        if case .stream = response.body, !exchange.isHead { return true }
        complete(keepsAlive: isOpen)
        return false
    }

    private func write(_ response: HTTP1Response, _ framing: ResponseHead.Framing, _ body: [UInt8], closes: Bool) {
        let connection: StaticString? = closes ? "close" : machine.exchange.isVersion10 ? "keep-alive" : nil
        ResponseHead.write(
            response, framing, date: server.date(), connection: connection, body: body, to: &output)
        mark()
    }

    /// Adds a piece to the body of a stream. False if the client has left.
    private func write(_ bytes: [UInt8], to request: UInt64) -> Bool {
        guard phase == .open, isAnswering, request == requests else { return false }
        if machine.exchange.isVersion10 {
            output.writeBytes(bytes)
        } else {
            ResponseHead.writeChunk(bytes, to: &output)
        }
        mark()
        return true
    }

    /// Sends a piece of a stream; `writer` is resumed when there is room for more.
    func write(_ bytes: [UInt8], to request: UInt64, _ writer: CheckedContinuation<Void, any Error>) {
        guard write(bytes, to: request) else { return writer.resume(throwing: CancellationError()) }
        if output.readableBytes < limits.outputBytes, context?.channel.isWritable == true {
            writer.resume()
        } else {
            writers.append(writer)
        }
    }

    /// Ends a stream. A stream that failed has no last chunk, so that the client knows.
    func finish(_ request: UInt64, failed: Bool) {
        guard phase == .open, isAnswering, request == requests else { return }
        guard !failed else { return close() }
        if !machine.exchange.isVersion10 { output.writeStaticString(ResponseHead.lastChunk) }
        mark()
        complete(keepsAlive: machine.exchange.isKeptAlive && !isDraining)
    }

    private func complete(keepsAlive: Bool) {
        isAnswering = false
        run = nil
        if !keepsAlive { closesAfterOutput = true }
        machine.answered(keepsAlive: keepsAlive)
        advance()
    }

    private func resumeWriters() {
        let waiting = writers
        writers = []
        for writer in waiting {
            if phase == .open { writer.resume() } else { writer.resume(throwing: CancellationError()) }
        }
    }

    // MARK: - Output

    private func mark() {
        guard !isMarked else { return }
        isMarked = true
        server.loop.needsFlush(self)
    }

    func flushNow() {
        isMarked = false
        guard phase == .open, let context else { return }
        let bytes = output
        if bytes.readableBytes > 0 {
            progressed = true
            output = ByteBuffer()
        }
        if closesAfterOutput {
            phase = .closing
            let sent = context.eventLoop.makePromise(of: Void.self)
            sent.futureResult.assumeIsolated().whenComplete { _ in self.outputEnded() }
            return context.writeAndFlush(wrapOutboundOut(bytes), promise: sent)
        }
        guard bytes.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        guard context.channel.isWritable else { return }
        if !writers.isEmpty { resumeWriters() }
        if machine.waitingBytes > 0 { advance() }
    }

    /// The last response has left. Bytes that the client sent meanwhile would reset the connection if it were closed
    /// at once, and the client might lose the response.
    private func outputEnded() {
        guard phase == .closing, let context else { return }
        guard machine.mayReceiveMore else { return close() }
        phase = .lingering
        adjustReading()
        context.close(mode: .output, promise: nil)
    }

    private func close() {
        end()
        context?.close(promise: nil)
    }

    // MARK: - Time

    func tick() {
        guard phase != .closed else { return }
        let isBlocked = context.map { !$0.channel.isWritable } ?? false
        // Bytes that wait because of our output are no slow request.
        let view = RequestClock.View(
            isReceiving: machine.isReceiving && !isBlocked, requests: requests, isAnswering: isAnswering,
            isBlocked: isBlocked, progressed: progressed, isLingering: phase == .lingering)
        progressed = false
        switch clock.tick(now: Self.now(), view) {
        case .none: break
        case .close: close()
        case .refuse:
            guard case .refuse(let refusal) = machine.refuse(Self.tooSlow) else { return }
            refuse(refusal)
        }
    }

    private static let tooSlow = HTTP1Refusal(408, "request", "was not complete in time")

    /// Closes between two requests; a request that has begun is answered first.
    func drain(reason: String) {
        guard !isDraining else { return }
        isDraining = true
        clock.drainBegan(now: Self.now())
        guard machine.isIdle, !isAnswering else { return }
        closesAfterOutput = true
        mark()
    }
}
