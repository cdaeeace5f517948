import Logging
import NIOCore
import NIOTLS

/// Moves bytes between a channel and its HTTP/2 session, and gives the connection's clock the time. One per connection,
/// used on its event loop only.
final class HTTP2ConnectionHandler: ChannelInboundHandler, HTTP2LoopContext.Connection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let limits: HTTP2Limits
    private let loop: HTTP2LoopContext
    private let application: any HTTP2Application
    private let isSecure: Bool
    private let logger: Logger

    private var context: ChannelHandlerContext?
    private var session: HTTP2Session?
    private var clock: ConnectionClock
    private var lastTick: Duration
    private var buffer = ByteBuffer()
    /// The loop flushes this connection at the end of its turn.
    private var isMarked = false
    private var isClosing = false
    /// Bytes came since the last tick.
    private var heard = false
    /// Bytes left since the last tick, or the socket can take them.
    private var progressed = false
    private var isHandshaken: Bool
    private var isReading = true

    /// Bytes that are gathered before they are handed to the socket in one piece.
    private static let writeBytes = 64 * 1024

    init(
        limits: HTTP2Limits, loop: HTTP2LoopContext, application: any HTTP2Application, isSecure: Bool, logger: Logger
    ) {
        self.limits = limits
        self.loop = loop
        self.application = application
        self.isSecure = isSecure
        self.logger = logger
        isHandshaken = !isSecure
        lastTick = Self.now()
        clock = ConnectionClock(limits: limits, now: lastTick)
    }

    private static func now() -> Duration {
        .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard session == nil, !isClosing else { return }
        let address = context.channel.remoteAddress
        let peer = HTTP2Peer(address: Self.text(of: address), isSecure: isSecure)
        do {
            session = try HTTP2Session(
                limits: limits, peer: peer, context: loop, application: application,
                driver: HTTP2Session.Driver(
                    needsFlush: { [unowned self] in mark() },
                    drainAcknowledged: { [unowned self] in acknowledgeDrain() }))
        } catch {
            logger.error("no HTTP/2 session", metadata: ["error": "\(error)"])
            context.close(promise: nil)
            return
        }
        loop.add(self, tick: TimeAmount(limits.timerInterval))
        if !isSecure { mark() }
    }

    private static func text(of address: SocketAddress?) -> String {
        guard let address else { return "unknown" }
        guard let ip = address.ipAddress, let port = address.port else { return address.pathname ?? "unknown" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let session, !isClosing else { return }
        heard = true
        if !isSecure { loop.beginBatch() }
        let isAlive = unwrapInboundIn(data).withUnsafeReadableBytes { session.receive($0) }
        mark()
        if !isAlive { close(after: "protocol error") }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        loop.turn()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        progressed = true
        if context.channel.isWritable {
            mark()
            loop.turn()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.cancel)
        loop.turn()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.cancel)
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            isHandshaken = true
            if negotiated == "h2" {
                mark()
            } else {
                logger.debug("peer did not negotiate h2", metadata: ["alpn": "\(negotiated ?? "none")"])
                context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: - Output

    private func mark() {
        guard !isMarked else { return }
        isMarked = true
        loop.needsFlush(self)
    }

    func flushNow() {
        isMarked = false
        guard let session, let context, isHandshaken else { return }
        var wrote = false
        var more = true
        while more, context.channel.isWritable {
            buffer.clear()
            more = session.produce(into: &buffer, limit: Self.writeBytes)
            guard buffer.readableBytes > 0 else { break }
            context.write(wrapOutboundOut(buffer), promise: nil)
            wrote = true
        }
        if wrote {
            progressed = true
            context.flush()
        }
        // The frames of a peer that does not read are not read either, so that acknowledgements and replies do not
        // queue.
        setReading(context, !more || context.channel.isWritable)
        if session.isOver { close(after: "complete") }
    }

    private func setReading(_ context: ChannelHandlerContext, _ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        _ = context.channel.setOption(.autoRead, value: reading)
    }

    private func close(after reason: String) {
        guard !isClosing else { return }
        isClosing = true
        if let session, let context, isHandshaken {
            // The GOAWAY with the reason must leave before the end.
            buffer.clear()
            _ = session.produce(into: &buffer, limit: Self.writeBytes)
            if buffer.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
        }
        logger.trace("closing connection", metadata: ["reason": "\(reason)"])
        context?.close(promise: nil)
    }

    private func end(_ code: HTTP2ErrorCode) {
        isClosing = true
        guard let session else { return }
        self.session = nil
        session.invalidate(code)
        loop.remove(self)
    }

    // MARK: - Time

    func tick() {
        guard let session, !isClosing else { return }
        let now = Self.now()
        session.elapsed(now - lastTick)
        lastTick = now
        let view = ConnectionClock.View(
            heard: heard, isEstablished: session.isEstablished, openHeaderBlock: session.openHeaderBlock,
            isBlocked: context.map { !$0.channel.isWritable } ?? false, progressed: progressed,
            streams: session.streamCount)
        heard = false
        progressed = false
        perform(clock.tick(now: now, view))
    }

    private func perform(_ action: ConnectionClock.Action) {
        switch action {
        case .none: break
        case .ping: session?.submitKeepalivePing()
        case .drain(let reason): announceDrain(reason)
        case .finalGoAway: session?.submitFinalGoAway()
        case .close(let code, let reason):
            session?.terminate(code)
            close(after: reason)
        }
    }

    /// Begins the graceful close: a GOAWAY, one round trip, a second GOAWAY; then the open streams finish.
    func drain(reason: String) {
        guard !clock.isDraining else { return }
        clock.drainBegan(now: Self.now())
        announceDrain(reason)
    }

    private func announceDrain(_ reason: String) {
        logger.trace("draining connection", metadata: ["reason": "\(reason)"])
        if session?.isEstablished == true {
            session?.submitShutdownNotice()
        } else {
            close(after: reason)
        }
    }

    private func acknowledgeDrain() {
        if clock.drainAcknowledged(now: Self.now()) { session?.submitFinalGoAway() }
    }
}
