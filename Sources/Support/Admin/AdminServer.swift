import Hummingbird
import Listening
public import Logging
import Runtime
public import ServiceLifecycle

/// The answer of a health endpoint.
public struct Health: Sendable {
    /// Whether the endpoint answers 200; otherwise 503.
    public let isOK: Bool
    /// One line for the operator: what the process is doing, or why it is not well. It is the body of the answer.
    public let message: String

    /// - Parameter message: one line without secrets.
    public init(isOK: Bool, message: String) {
        self.isOK = isOK
        self.message = message
    }

    /// Well.
    public static func ok(_ message: String = "ok") -> Health { Health(isOK: true, message: message) }
    /// Not well.
    public static func failing(_ message: String) -> Health { Health(isOK: false, message: message) }
}

/// The bounds of the admin port.
enum AdminLimits {
    /// Connections at the same time. For a further one a quiet one is closed.
    static let connections = 64
    /// File descriptors that the process keeps for Postgres, Kafka, its threads and its log.
    static let reservedDescriptors = 80
}

/// `/livez`, `/readyz`, `/metrics` and `/config` of a process over HTTP/1.1, on a port of its own.
public struct AdminServer: Service {
    /// Tells the state of the process. It must be quick: the endpoint answers when the probe does.
    public typealias Probe = @Sendable () async -> Health

    private let application: Application<RouterResponder<BasicRequestContext>>
    private let address: ListenAddress
    private let noise = StopNoise()

    /// Does not listen yet; ``run()`` does.
    ///
    /// - Parameters:
    ///   - metrics: the registry of the process; the metrics of its log are added.
    ///   - liveness: failing means that only a restart of the process helps.
    ///   - readiness: failing means that the process cannot work now; the message says why.
    ///   - logger: takes warnings of the HTTP server from level notice on.
    public init(
        _ address: ListenAddress, metrics: MetricsRegistry, liveness: @escaping Probe, readiness: @escaping Probe,
        logger: Logger
    ) {
        metrics.addProcessMetrics()
        let router = Router()
        router.get("/livez") { _, _ in await Self.response(liveness()) }
        router.get("/readyz") { _, _ in await Self.response(readiness()) }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: metrics.render())))
        }
        router.get("/config") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: SettingsDocument.text(ServiceProcess.effectiveSettings))))
        }
        self.address = address
        var quiet = noise.filtering(logger)
        quiet.logLevel = max(logger.logLevel, .notice)
        application = Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port)),
            onServerRunning: { channel in
                let connections = DescriptorBudget.connections(
                    reserve: AdminLimits.reservedDescriptors, listeners: 1, most: AdminLimits.connections)
                await ConnectionGuard.protect(channel, connections: connections, logger: logger)
            }, logger: quiet)
    }

    /// Serves until a graceful shutdown or until its task is cancelled.
    ///
    /// - Throws: `ConfigurationError` that names the variable to change, if the server cannot listen.
    public func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await runQuietlyCancelled()
            } onGracefulShutdown: {
                noise.begin()
            }
        } catch  where ListenAddress.isAboutListening(error) {
            throw address.cannotListen(error)
        }
    }

    /// The server runs in a task of its own, so that the cancellation handler can begin the noise before it cancels the
    /// server.
    private func runQuietlyCancelled() async throws {
        let running = Task { try await application.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            noise.begin()
            running.cancel()
        }
    }

    private static func response(_ health: Health) -> Response {
        Response(
            status: health.isOK ? .ok : .serviceUnavailable, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: health.message + "\n")))
    }
}
