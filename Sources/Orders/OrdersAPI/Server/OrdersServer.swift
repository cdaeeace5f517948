import Admin
import EventStore
import GRPC
import HTTP2
public import Logging
import OrdersProto
import Postgres
import Runtime
public import ServiceLifecycle

/// The whole server: the event store, the list, the handlers and the two transports.
public struct OrdersServer {
    /// In the order of their start. They stop in reverse order.
    public private(set) var services: [any Service]

    /// Opens no connection and no port; the services do. A service waits for a Postgres that cannot be reached.
    ///
    /// - Throws: `ConfigurationError` if a setting cannot be used, and other errors when the process has no thread or
    ///   file descriptor left.
    public init(_ configuration: ServerConfiguration, logger: Logger) throws {
        var postgres = configuration.postgres
        postgres.logger = logger
        let store = try EventStore(configuration: configuration.eventStore, postgres: postgres, logger: logger)
        var listPostgres = postgres
        listPostgres.connectTimeout = .seconds(2)
        listPostgres.statementDeadline = .seconds(10)
        let pool = try PostgresPool(
            ProjectionOrderList.connection(listPostgres), size: configuration.listConnections)
        let changes = OrderChanges()
        let handlers = OrderHandlers(
            store: store, list: ProjectionOrderList(pool: pool, logger: logger), changes: changes, logger: logger)
        let readiness = Readiness(store: store)
        let metrics = MetricsRegistry()
        // The admin server adds them itself.
        if configuration.admin == nil { metrics.addProcessMetrics() }
        let operations = Operations(
            readiness: { await readiness.health() }, metrics: metrics, watchers: { changes.count })
        let rest = RESTService(
            handlers: handlers, operations: operations, cors: CORS(allowedOrigins: configuration.corsAllowedOrigins))
        let health = GRPCHealth()
        var router = GRPCRouter()
        router.orders(handlers)
        router.health(health)
        try router.reflection(descriptorSets: [OrderDescriptors.fileDescriptorSet])
        for service in router.services { health.set(.serving, for: service) }
        services = [
            try TransactionPoolerCheck(postgres),
            EventStoreService(store: store),
            PoolService(pool: pool),
            try ChangeListener(changes: changes, configuration: listPostgres, logger: logger),
            HTTPTransport(
                endpoint: configuration.http, service: rest, connections: configuration.connectionsPerPort,
                logger: logger),
            try GRPCTransport(
                endpoint: configuration.grpc, eventLoops: configuration.grpcEventLoops, tls: configuration.tls,
                router: router, connections: configuration.connectionsPerPort,
                observer: operations.requests,
                http: HTTP2RequestApplication(rest), logger: logger),
            DrainSignal(
                readiness: readiness, health: health, changes: changes, delay: configuration.shutdownDelay,
                logger: logger),
        ]
        if let admin = configuration.admin {
            let address = ListenAddress(host: admin.host, port: admin.port, portVariable: admin.portVariable)
            services.append(
                AdminServer(
                    address, metrics: metrics, liveness: { .ok() }, readiness: { await readiness.health() },
                    logger: logger))
        }
    }
}

// MARK: - Services

/// Runs the event store's lanes until the transports have stopped.
private struct EventStoreService: Service {
    let store: EventStore

    func run() async {
        await withTaskCancellationOrGracefulShutdownHandler {
            await store.run()
        } onCancelOrGracefulShutdown: {
            store.shutdown()
        }
    }
}

/// Closes a pool's connections when the transports have stopped.
private struct PoolService: Service {
    let pool: PostgresPool

    func run() async {
        try? await gracefulShutdown()
        await pool.close()
    }
}
