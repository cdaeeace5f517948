public import HTTP2
public import Logging
public import NIOCore

/// A gRPC server on HTTP/2: start it, and shut it down gracefully.
public final class GRPCServer: Sendable {
    private let server: HTTP2Server

    /// - Parameters:
    ///   - configuration: where to listen, TLS, and the bounds of connections and streams.
    ///   - group: the event loops; handlers run on them.
    ///   - router: the methods, with the bounds of calls.
    ///   - observer: hears of every call.
    ///   - http: answers requests that are not gRPC on the same port.
    public init(
        configuration: HTTP2ServerConfiguration, group: any EventLoopGroup, router: GRPCRouter,
        observer: (any GRPCObserver)? = nil, http: (any HTTP2Application)? = nil, logger: Logger
    ) throws(HTTP2Error) {
        let application = GRPCApplication(router: router, observer: observer, http: http)
        server = try HTTP2Server(configuration: configuration, group: group, application: application, logger: logger)
    }

    /// Listens; returns the address it is bound to.
    @discardableResult
    public func start() async throws -> SocketAddress { try await server.start() }

    /// Refuses new calls, lets running ones finish within `HTTP2Limits.drainTimeout`, and closes all connections.
    public func shutdown() async { await server.shutdown() }

    /// Connections that are open.
    public var connectionCount: Int { server.connectionCount }
}
