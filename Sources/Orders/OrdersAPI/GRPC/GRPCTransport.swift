import GRPC
import HTTP2
import Logging
import NIOCore
import NIOPosix
import Runtime
import ServiceLifecycle

/// The gRPC port: gRPC, and REST over HTTP/2, until a graceful shutdown.
struct GRPCTransport: Service {
    let endpoint: ServerConfiguration.Endpoint
    let server: GRPCServer
    /// The port's own event loops; nil when it shares those of the process.
    private let ownGroup: MultiThreadedEventLoopGroup?
    let logger: Logger

    /// - Parameters:
    ///   - eventLoops: how many threads of its own the port has; nil shares the threads of the process.
    ///   - connections: the bound of open connections.
    ///   - observer: told of every call.
    ///   - http: answers the requests that are not gRPC.
    /// - Throws: `ConfigurationError` if the certificate cannot be used.
    init(
        endpoint: ServerConfiguration.Endpoint, eventLoops: Int? = nil, tls: HTTP2TLSConfiguration?, router: GRPCRouter,
        connections: Int = HTTP2Limits().connections, observer: (any GRPCObserver)? = nil,
        http: (any HTTP2Application)?, logger: Logger
    ) throws {
        var limits = HTTP2Limits()
        limits.drainTimeout = APILimits.drainTimeout
        limits.connections = connections
        self.endpoint = endpoint
        self.logger = logger
        ownGroup = eventLoops.map { MultiThreadedEventLoopGroup(numberOfThreads: $0) }
        server = try Self.server(
            HTTP2ServerConfiguration(host: endpoint.host, port: endpoint.port, tls: tls, limits: limits),
            ownGroup ?? MultiThreadedEventLoopGroup.singleton, router, observer, http, logger)
    }

    private static func server(
        _ configuration: HTTP2ServerConfiguration, _ group: any EventLoopGroup, _ router: GRPCRouter,
        _ observer: (any GRPCObserver)?, _ http: (any HTTP2Application)?, _ logger: Logger
    ) throws -> GRPCServer {
        do {
            return try GRPCServer(
                configuration: configuration, group: group, router: router,
                observer: observer, http: http, logger: logger)
        } catch {
            guard error.code == .tls else { throw error }
            throw ConfigurationError("TLS_CERTIFICATE_FILE", "\(error)")
        }
    }

    func run() async throws {
        do {
            let address = try await server.start()
            logger.info("gRPC listening", metadata: ["address": "\(address)"])
        } catch let error as HTTP2Error {
            throw endpoint.cannotListen(error.cause ?? error)
        }
        try? await gracefulShutdown()
        await server.shutdown()
        try? await ownGroup?.shutdownGracefully()
    }
}
