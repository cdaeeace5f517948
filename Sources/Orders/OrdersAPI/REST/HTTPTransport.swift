import Admin
import Hummingbird
import HummingbirdCore
import Listening
import Logging
import NIOCore
import Runtime
import ServiceLifecycle

/// The REST port: REST over HTTP/1.1, until a graceful shutdown.
struct HTTPTransport: Service {
    let endpoint: ServerConfiguration.Endpoint
    let service: RESTService
    /// The bound of open connections.
    var connections = RESTLimits.maximumConnections
    let logger: Logger

    /// The HTTP server. Below warnings its own log messages are left out.
    var application: Application<HummingbirdResponder> {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return Application(
            responder: HummingbirdResponder(service: service),
            server: .http1(configuration: connectionConfiguration),
            configuration: .init(
                address: .hostname(endpoint.host, port: endpoint.port),
                // Behind the guard's bound; connections that are being closed for others come on top of it.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    connections + ListeningLimits.closingConnections + 1)),
            onServerRunning: { [connections, logger] channel in
                await ConnectionGuard.protect(channel, connections: connections, logger: logger)
                logger.info("REST listening", metadata: ["address": "\(channel.localAddress.map { "\($0)" } ?? "?")"])
            },
            logger: quiet)
    }

    func run() async throws {
        do {
            try await application.run()
        } catch  where ListenAddress.isAboutListening(error) {
            throw endpoint.cannotListen(error)
        }
    }
}

extension HTTPTransport {
    private var connectionConfiguration: HTTP1Channel.Configuration {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: RESTLimits.maximumHeaderBytes, maxHeaderListSize: RESTLimits.maximumHeaderBytes,
            maxHeaderFieldCount: RESTLimits.maximumHeaderFields)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [UnreadableRequestHandler { [service] in service.refuse($0) }],
            idleTimeout: RESTLimits.idleTimeout, httpDecoderConfiguration: decoder)
    }
}

extension ServerConfiguration.Endpoint {
    /// An error that names the variable to change.
    func cannotListen(_ error: any Error) -> ConfigurationError {
        ListenAddress(host: host, port: port, portVariable: portVariable).cannotListen(error)
    }
}
