import HTTP2
import Listening
public import Logging
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix

/// An HTTP/1.1 server: listens, and gives each connection a state machine on its event loop.
///
/// The folders of this module, in order; a folder names types of itself and of the folders above it in this list only.
///
/// 1. `Message`: requests, responses and refusals, classes of bytes, the head of a response.
/// 2. `Machine`: one connection as RFC 9112 sees it, without I/O.
/// 3. `Connection`: one connection as NIO sees it: bytes between socket and machine, handlers, timeouts.
/// 4. `Server`: the listening socket, shutdown.
///
/// Event loops run handlers and flushes as those of `HTTP2` do, with the same `HTTP2LoopContext`.
public final class HTTP1Server: Sendable {
    private let host: String
    private let port: Int
    private let limits: HTTP1Limits
    private let group: any EventLoopGroup
    private let logger: Logger
    private let loops: [ObjectIdentifier: HTTP1LoopState]
    private let state = NIOLockedValueBox(State())

    /// Connections that the kernel queues before the server accepts them.
    private static let backlog: Int32 = 1_024

    private struct State {
        var listener: (any Channel)?
        var isStopping = false
    }

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - host: an address or a name; `0.0.0.0` is every IPv4 interface.
    ///   - port: 0 takes any free one.
    ///   - group: the event loops of the connections. The caller shuts it down, after ``shutdown()``.
    public init(
        host: String, port: Int, limits: HTTP1Limits = HTTP1Limits(), group: any EventLoopGroup,
        application: any HTTP1Application, logger: Logger
    ) {
        self.host = host
        self.port = port
        self.limits = limits
        self.group = group
        self.logger = logger
        var loops: [ObjectIdentifier: HTTP1LoopState] = [:]
        for loop in group.makeIterator() {
            loops[ObjectIdentifier(loop)] = HTTP1LoopState(eventLoop: loop, application: application)
        }
        self.loops = loops
    }

    /// Opens the listening socket and begins to serve.
    ///
    /// - Returns: the address that the socket is bound to; nil if it has none.
    /// - Throws: the error of NIO.
    @discardableResult
    public func start() async throws -> SocketAddress? {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [limits, logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionGuard(connections: limits.connections, logger: logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: limits.outputBytes / 2, high: limits.outputBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.initialize(channel) }
            }
        let listener = try await bootstrap.bind(host: host, port: port).get()
        state.withLockedValue { $0.listener = listener }
        return listener.localAddress
    }

    private func initialize(_ channel: any Channel) throws {
        guard let loop = loops[ObjectIdentifier(channel.eventLoop)], !state.withLockedValue({ $0.isStopping }) else {
            throw ChannelError.alreadyClosed
        }
        try channel.pipeline.syncOperations.addHandler(
            HTTP1ConnectionHandler(server: loop, limits: limits, logger: logger))
    }

    /// Stops listening. Idle connections are closed at once; open requests finish within ``HTTP1Limits/drainTimeout``
    /// and their responses say `Connection: close`. Returns when no connection is left.
    public func shutdown() async {
        let listener = state.withLockedValue { state in
            state.isStopping = true
            defer { state.listener = nil }
            return state.listener
        }
        try? await listener?.close()
        await withTaskGroup(of: Void.self) { group in
            for loop in loops.values.map(\.loop) {
                group.addTask { try? await loop.eventLoop.flatSubmit { loop.drain(reason: "shutdown") }.get() }
            }
        }
    }
}
