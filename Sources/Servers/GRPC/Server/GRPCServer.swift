public import HTTP2
public import Logging
public import NIOCore

/// A gRPC server on HTTP/2.
///
/// The folders of this module, in order; a folder names types of itself and of the folders above it in this list only
/// (`FolderOrderTests`). The limits, beside the folders, come first.
///
/// 1. `Generated`: the messages of the services that the module has itself.
/// 2. `Status`: how a call ends: status codes, errors and their details.
/// 3. `Wire`: bytes and header fields: framing, compression, metadata, the head of a request.
/// 4. `Call`: one call: its state machine, its driver, and the types that handlers use.
/// 5. `Server`: the methods by name, and the HTTP/2 application that begins their calls.
/// 6. `Services`: health and reflection, as a service outside this module would be built.
public final class GRPCServer: Sendable {
    private let server: HTTP2Server

    /// Makes a server that does not listen yet. Throws if the certificates cannot be loaded.
    ///
    /// - Parameters:
    ///   - configuration: address, TLS, and the bounds of connections and streams.
    ///   - group: the event loops; handlers run on them. The caller shuts it down, after `shutdown()`.
    ///   - router: the methods, with the bounds of calls.
    ///   - observer: observes every call.
    ///   - http: answers requests that are not gRPC on the same port; without it their status is 415.
    public init(
        configuration: HTTP2ServerConfiguration, group: any EventLoopGroup, router: GRPCRouter,
        observer: (any GRPCObserver)? = nil, http: (any HTTP2Application)? = nil, logger: Logger
    ) throws(HTTP2Error) {
        let application = GRPCApplication(router: router, observer: observer, http: http)
        server = try HTTP2Server(configuration: configuration, group: group, application: application, logger: logger)
    }

    /// Opens the listening socket and begins to serve. Returns the address that it is bound to. Throws `HTTP2Error`
    /// with the code `bind`.
    @discardableResult
    public func start() async throws -> SocketAddress { try await server.start() }

    /// Refuses new calls, lets running calls finish within `HTTP2Limits.drainTimeout`, and closes all connections.
    public func shutdown() async { await server.shutdown() }
}
