import Admin
import EventStore
import GRPC
import HTTP2
public import Logging
import OrdersProto
import Postgres
import Runtime
public import ServiceLifecycle

/// The server put together: the event store, the list, the handlers, and their faces.
public struct OrdersServer {
    /// In the order in which they start; they stop in reverse.
    public let services: [any Service]

    /// Opens nothing: the services do, and wait for what is missing.
    public init(_ configuration: ServerConfiguration, logger: Logger) throws {
        let store = try EventStore(
            configuration: configuration.eventStore, postgres: configuration.postgres, logger: logger)
        var listPostgres = configuration.postgres
        listPostgres.connectTimeout = .seconds(2)
        listPostgres.statementDeadline = .seconds(10)
        let pool = try PostgresPool(listPostgres, size: configuration.listConnections)
        let changes = OrderChanges()
        let handlers = OrderHandlers(
            store: store, list: ProjectionOrderList(pool: pool, logger: logger), changes: changes, logger: logger)
        let readiness = Readiness(store: store)
        let metrics = MetricsRegistry()
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
            EventStoreService(store: store),
            PoolService(pool: pool),
            try ChangeListener(changes: changes, configuration: listPostgres, logger: logger),
            HTTPFace(endpoint: configuration.http, service: rest, logger: logger),
            try GRPCFace(
                endpoint: configuration.grpc, eventLoops: configuration.grpcEventLoops, tls: configuration.tls,
                router: router,
                observer: operations.requests,
                http: HTTP2RequestApplication(rest), logger: logger),
            DrainSignal(
                readiness: readiness, health: health, changes: changes, delay: configuration.shutdownDelay,
                logger: logger),
        ]
    }
}
