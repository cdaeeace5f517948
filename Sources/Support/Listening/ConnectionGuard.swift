import Glibc
public import Logging
public import NIOCore

/// Keeps the connections of one listening socket within a bound, and pauses accepting while the process or the system
/// has no file descriptor left.
///
/// The first handler of a server channel. At the bound the connection that has been quiet for longest is closed for the
/// new one: first those that never sent a byte, then those whose last traffic was ours. Without a connection that is
/// quiet for ``ListeningLimits/quiet`` the new one is closed at once.
public final class ConnectionGuard: ChannelDuplexHandler {
    /// Accepted connections.
    public typealias InboundIn = any Channel
    /// The same, within the bound.
    public typealias InboundOut = any Channel
    /// Nothing is written to a listening socket.
    public typealias OutboundIn = Never

    private struct Connection {
        let channel: any Channel
        let traffic: ConnectionTraffic
        var isClosing = false
    }

    private let maximum: Int
    private let quiet: TimeAmount
    private let logger: Logger
    private var connections: [ObjectIdentifier: Connection] = [:]
    /// Connections being closed for newer ones; they still have a descriptor.
    private var closing = 0
    private var isPaused = false
    /// A read that was asked for during a pause.
    private var mustRead = false
    private var nextLine: NIODeadline?

    /// - Parameters:
    ///   - connections: the bound, at least 1.
    ///   - quiet: how long a connection must be without traffic before it may be closed for a new one.
    ///   - logger: is told at most once in ``ListeningLimits/logInterval`` that the bound is reached, or that accepting
    ///     pauses.
    public init(connections: Int, quiet: TimeAmount = ListeningLimits.quiet, logger: Logger) {
        precondition(connections > 0, "a server without connections serves nobody")
        maximum = connections
        self.quiet = quiet
        self.logger = logger
    }

    /// Puts a guard in front of a listening socket that exists already; nothing happens if it is closed.
    public static func protect(_ listener: any Channel, connections: Int, logger: Logger) async {
        try? await listener.eventLoop.submit {
            try listener.pipeline.syncOperations.addHandler(
                ConnectionGuard(connections: connections, logger: logger), position: .first)
        }.get()
    }

    // MARK: - Bound

    /// Takes, refuses, or takes in place of another.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        if connections.count - closing >= maximum {
            warn("connection limit reached: closing quiet connections or new ones", ["connections": "\(maximum)"])
            guard closeQuietConnection() else {
                ListeningCounts.refused.increment()
                return channel.close(promise: nil)
            }
        }
        admit(channel, context)
        context.fireChannelRead(data)
    }

    private func admit(_ channel: any Channel, _ context: ChannelHandlerContext) {
        let id = ObjectIdentifier(channel)
        let traffic = ConnectionTraffic()
        connections[id] = Connection(channel: channel, traffic: traffic)
        // Queued before the registration, so no byte arrives earlier.
        channel.eventLoop.execute {
            try? channel.pipeline.syncOperations.addHandler(TrafficHandler(traffic), position: .first)
        }
        let owner = NIOLoopBound(self, eventLoop: context.eventLoop)
        channel.closeFuture.hop(to: context.eventLoop).whenComplete { _ in owner.value.closed(id) }
    }

    private func closed(_ id: ObjectIdentifier) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        if connection.isClosing { closing -= 1 }
        assert(closing >= 0 && closing <= connections.count, "each closing connection is one of the open ones")
    }

    /// Returns whether there is room now.
    private func closeQuietConnection() -> Bool {
        guard closing < ListeningLimits.closingConnections else { return false }
        let now = NIODeadline.now()
        var found: (id: ObjectIdentifier, rank: ConnectionTraffic.Quiet)?
        for (id, connection) in connections where !connection.isClosing {
            guard let quiet = connection.traffic.quiet, now - quiet.since >= self.quiet else { continue }
            if let best = found, !(quiet < best.rank) { continue }
            found = (id, quiet)
        }
        guard let id = found?.id else { return false }
        connections[id]?.isClosing = true
        closing += 1
        ListeningCounts.closed.increment()
        connections[id]?.channel.close(promise: nil)
        return true
    }

    // MARK: - Pause

    /// A failed accept with no descriptor or no memory left pauses; the next attempt follows after
    /// ``ListeningLimits/pause``. NIO itself would try again at once, for ever.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        switch error.errnoCode {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: pause(context, error)
        // The client hung up before it was accepted.
        case ECONNABORTED: break
        default: context.fireErrorCaught(error)
        }
    }

    private func pause(_ context: ChannelHandlerContext, _ error: IOError) {
        guard !isPaused else { return }
        isPaused = true
        ListeningCounts.pauses.increment()
        warn(
            "accepting pauses: raise the limit on open files (ulimit -n, LimitNOFILE= of the unit)",
            ["error": "\(error)", "connections": "\(connections.count)"])
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let (owner, bound) = (
            NIOLoopBound(self, eventLoop: context.eventLoop), NIOLoopBound(context, eventLoop: context.eventLoop)
        )
        context.eventLoop.scheduleTask(in: ListeningLimits.pause) { owner.value.goOn(bound.value) }
    }

    private func goOn(_ context: ChannelHandlerContext) {
        isPaused = false
        guard context.channel.isActive else { return }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        if mustRead {
            mustRead = false
            context.read()
        }
    }

    /// A read during a pause is made at its end.
    public func read(context: ChannelHandlerContext) {
        if isPaused { mustRead = true } else { context.read() }
    }

    private func warn(_ message: Logger.Message, _ metadata: Logger.Metadata) {
        let now = NIODeadline.now()
        if let nextLine, now < nextLine { return }
        nextLine = now + ListeningLimits.logInterval
        logger.warning(message, metadata: metadata)
    }
}
