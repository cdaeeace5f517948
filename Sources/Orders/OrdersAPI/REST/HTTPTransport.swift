import Admin
import HTTP1
import Logging
import NIOCore
import NIOPosix
import Runtime
import ServiceLifecycle

/// The REST port: REST over HTTP/1.1, until a graceful shutdown.
struct HTTPTransport: Service {
    let endpoint: ServerConfiguration.Endpoint
    private let server: HTTP1Server
    let logger: Logger

    /// - Parameter connections: the bound of open connections.
    init(
        endpoint: ServerConfiguration.Endpoint, service: RESTService,
        connections: Int = RESTLimits.maximumConnections, logger: Logger
    ) {
        self.endpoint = endpoint
        self.logger = logger
        server = HTTP1Server(
            host: endpoint.host, port: endpoint.port, limits: RESTLimits.connection(connections),
            group: MultiThreadedEventLoopGroup.singleton, application: service, logger: logger)
    }

    /// Listens; returns the address.
    ///
    /// - Throws: `ConfigurationError` that names the variable to change.
    @discardableResult
    func start() async throws -> SocketAddress? {
        do {
            let address = try await server.start()
            logger.info("REST listening", metadata: ["address": "\(address.map { "\($0)" } ?? "?")"])
            return address
        } catch  where ListenAddress.isAboutListening(error) {
            throw endpoint.cannotListen(error)
        }
    }

    func run() async throws {
        try await start()
        try? await gracefulShutdown()
        await stop()
    }

    /// Stops listening; open requests finish within the time limit of the drain.
    func stop() async {
        await server.shutdown()
    }
}

extension RESTLimits {
    /// The bounds of the HTTP/1.1 server.
    fileprivate static func connection(_ connections: Int) -> HTTP1Limits {
        var limits = HTTP1Limits()
        limits.targetBytes = maximumTargetBytes
        limits.headBytes = maximumHeaderBytes
        limits.fields = maximumHeaderFields
        limits.bodyBytes = maximumBodyBytes
        limits.idleTimeout = idleTimeout
        limits.requestTimeout = requestTimeout
        limits.drainTimeout = APILimits.drainTimeout
        limits.connections = connections
        return limits
    }
}

extension ServerConfiguration.Endpoint {
    /// An error that names the variable to change.
    func cannotListen(_ error: any Error) -> ConfigurationError {
        ListenAddress(host: host, port: port, portVariable: portVariable).cannotListen(error)
    }
}
