import Listening
public import Logging
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
import NIOSSL

/// An HTTP/2 server: listens, and gives each connection a session on its event loop.
///
/// The folders of this module, in order; a folder names types of itself and of the folders above it in this list only
/// (`FolderOrderTests`). The files beside the folders, errors and limits, come first.
///
/// 1. `Message`: header fields, as they are received and as they are sent.
/// 2. `Loop`: the shared state of one event loop's connections: executor of handlers, flush list, libnghttp2's memory.
/// 3. `Session`: one connection as libnghttp2 sees it, its streams, and the border to applications: `HTTP2Application`.
/// 4. `Connection`: one connection as NIO sees it: bytes between socket and session, and timeouts.
/// 5. `Server`: the listening socket, certificates, shutdown.
/// 6. `Request`: plain HTTP on streams: an application that collects a request and sends a response.
public final class HTTP2Server: Sendable {
    private let configuration: HTTP2ServerConfiguration
    private let group: any EventLoopGroup
    private let application: any HTTP2Application
    private let logger: Logger
    private let certificates: CertificateStore?
    private let contexts: [ObjectIdentifier: HTTP2LoopContext]
    private let state = NIOLockedValueBox(State())

    /// Connections that the kernel queues before the server accepts them.
    private static let backlog: Int32 = 1_024

    private struct State {
        var listener: (any Channel)?
        var connections = 0
        var isStopping = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Makes a server that does not listen yet.
    ///
    /// Loads the certificates, so that a wrong path is an error at start: `HTTP2Error` with the code `tls`.
    ///
    /// - Parameters:
    ///   - group: the event loops of the connections. The caller shuts it down, after `shutdown()`.
    ///   - application: answers the requests.
    public init(
        configuration: HTTP2ServerConfiguration, group: any EventLoopGroup, application: any HTTP2Application,
        logger: Logger
    ) throws(HTTP2Error) {
        self.configuration = configuration
        self.group = group
        self.application = application
        self.logger = logger
        certificates = if let tls = configuration.tls { try CertificateStore(tls) } else { nil }
        var contexts: [ObjectIdentifier: HTTP2LoopContext] = [:]
        for loop in group.makeIterator() { contexts[ObjectIdentifier(loop)] = HTTP2LoopContext(eventLoop: loop) }
        self.contexts = contexts
    }

    /// Opens the listening socket and begins to serve. Returns the address that it is bound to. Throws `HTTP2Error`
    /// with the code `bind`.
    @discardableResult
    public func start() async throws -> SocketAddress {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [configuration, logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionGuard(
                            connections: configuration.limits.connections,
                            quiet: TimeAmount(configuration.limits.connectionQuiet), logger: logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(
                    low: configuration.limits.socketBufferBytes / 2, high: configuration.limits.socketBufferBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.initialize(channel) }
            }
        let listener: any Channel
        do {
            listener = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch {
            let place = "\(configuration.host):\(configuration.port)"
            throw HTTP2Error(.bind, "cannot listen on \(place)", cause: error)
        }
        guard let address = listener.localAddress else {
            throw HTTP2Error(.bind, "the listening socket has no address")
        }
        state.withLockedValue { $0.listener = listener }
        return address
    }

    private func initialize(_ channel: any Channel) throws {
        guard let loop = contexts[ObjectIdentifier(channel.eventLoop)] else {
            throw HTTP2Error(.session, "connection on a foreign event loop")
        }
        let isAdmitted = state.withLockedValue { state in
            guard !state.isStopping else { return false }
            state.connections += 1
            return true
        }
        guard isAdmitted else { throw HTTP2Error(.closed, "the server is stopping") }
        channel.closeFuture.whenComplete { _ in self.connectionClosed() }
        if let certificates {
            let context = certificates.current { error in
                self.logger.error("renewed certificate not taken, the former stays", metadata: ["error": "\(error)"])
            }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
        let handler = HTTP2ConnectionHandler(
            limits: configuration.limits, loop: loop, application: application, isSecure: certificates != nil,
            logger: logger)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func connectionClosed() {
        let waiters = state.withLockedValue { state in
            state.connections -= 1
            guard state.connections == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when no connection is open. New connections are accepted meanwhile.
    public func waitUntilNoConnections() async {
        await withCheckedContinuation { waiter in
            let isIdle = state.withLockedValue { state in
                if state.connections > 0 { state.waiters.append(waiter) }
                return state.connections == 0
            }
            if isIdle { waiter.resume() }
        }
    }

    /// Stops listening and closes every connection gracefully: two GOAWAY frames, then the open streams finish within
    /// `HTTP2Limits.drainTimeout`. Returns when no connection is left.
    public func shutdown() async {
        let listener = state.withLockedValue { state in
            state.isStopping = true
            defer { state.listener = nil }
            return state.listener
        }
        try? await listener?.close()
        await withTaskGroup(of: Void.self) { group in
            for context in contexts.values {
                group.addTask {
                    try? await context.eventLoop.flatSubmit { context.drain(reason: "shutdown") }.get()
                }
            }
        }
    }
}
