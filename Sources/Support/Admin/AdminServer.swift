import Hummingbird
public import Logging
public import ServiceLifecycle

/// `/livez`, `/readyz` and `/metrics` of a process, on a port of its own.
public struct AdminServer: Service {
    public typealias Probe = @Sendable () async -> Health

    private let application: Application<RouterResponder<BasicRequestContext>>
    private let address: ListenAddress
    private let noise = StopNoise()

    /// - Parameters:
    ///   - liveness: failing means: restart me, waiting will not help.
    ///   - readiness: failing means: not now, and why.
    public init(
        _ address: ListenAddress, metrics: MetricsRegistry, liveness: @escaping Probe, readiness: @escaping Probe,
        logger: Logger
    ) {
        let router = Router()
        router.get("/livez") { _, _ in await Self.response(liveness()) }
        router.get("/readyz") { _, _ in await Self.response(readiness()) }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: metrics.render())))
        }
        self.address = address
        var quiet = noise.filtering(logger)
        quiet.logLevel = max(logger.logLevel, .notice)
        application = Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port)), logger: quiet)
    }

    /// - Throws: `ConfigurationError` naming the variable to change, if it cannot listen.
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

    /// A task of its own: what is cancelled by a handler is cancelled when the noise has begun, and not a moment
    /// before.
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
