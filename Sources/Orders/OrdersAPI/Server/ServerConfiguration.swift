public import EventStore
public import HTTP2
public import Postgres
public import Runtime

/// What an orders server is told at start.
public struct ServerConfiguration: Sendable {
    /// Where one face listens.
    public struct Endpoint: Sendable, Hashable {
        /// An address or name; `0.0.0.0` is every IPv4 interface.
        public var host: String
        /// 0 takes any free port.
        public var port: Int
        /// The environment variable that sets the port, for messages about it.
        public let portVariable: String
    }

    /// `HTTP_HOST`, `HTTP_PORT`: REST, probes and metrics over HTTP/1.1. Default 0.0.0.0:8080.
    public var http: Endpoint
    /// `GRPC_HOST`, `GRPC_PORT`: gRPC, and REST over HTTP/2. Default 0.0.0.0:8081.
    public var grpc: Endpoint
    /// `GRPC_EVENT_LOOPS`: threads of the gRPC port's own that serve its connections. Default nil: it shares the
    /// process's, one per processor.
    public var grpcEventLoops: Int?
    /// `TLS_CERTIFICATE_FILE`, `TLS_PRIVATE_KEY_FILE`, `TLS_CLIENT_CA_FILE`, `TLS_REQUIRE_CLIENT_CERTIFICATE`: TLS on
    /// the gRPC port. Default none: HTTP/2 with prior knowledge.
    public var tls: HTTP2TLSConfiguration?
    /// `DATABASE_URL`, or libpq's own `PG*` variables without it.
    public var postgres: PostgresConfiguration
    /// `WRITE_LANES`, `READ_LANES`, `MAX_COMMANDS_PER_BATCH`, `MAX_QUEUED_PER_LANE`: the command lanes.
    public var eventStore: EventStoreConfiguration
    /// `LIST_CONNECTIONS`: connections that read the list of orders. Default 2.
    public var listConnections: Int
    /// `CORS_ALLOWED_ORIGINS`: the origins, separated by commas, whose web pages may use the API; `*` is all. Default
    /// none.
    public var corsAllowedOrigins: [String]

    /// `SHUTDOWN_DELAY`: how long the server goes on taking requests after SIGTERM, while `/readyz` and health already
    /// say no, so that load balancers stop sending before connections are closed. Default 0s.
    public var shutdownDelay: Duration

    /// Reads the settings; what is wrong with them is reported to `environment`.
    public init(_ environment: EnvironmentReader) {
        http = Endpoint(
            host: environment.string("HTTP_HOST", default: "0.0.0.0"),
            port: environment.port("HTTP_PORT", default: 8080),
            portVariable: "HTTP_PORT")
        grpc = Endpoint(
            host: environment.string("GRPC_HOST", default: "0.0.0.0"),
            port: environment.port("GRPC_PORT", default: 8081),
            portVariable: "GRPC_PORT")
        if http.port == grpc.port, http.port != 0 {
            environment.report("GRPC_PORT", "is the same as HTTP_PORT, \(http.port); each needs a port of its own")
        }
        grpcEventLoops = environment.optionalString("GRPC_EVENT_LOOPS").map { _ in
            environment.int("GRPC_EVENT_LOOPS", default: 1, in: 1...256)
        }
        tls = HTTP2TLSConfiguration(environment)
        postgres = PostgresConfiguration(
            url: environment.databaseURL(fault: PostgresURL.fault), applicationName: "orders-server")
        eventStore = EventStoreConfiguration()
        eventStore.writeLanes = environment.int("WRITE_LANES", default: eventStore.writeLanes, in: 1...16)
        eventStore.readLanes = environment.int("READ_LANES", default: eventStore.readLanes, in: 1...16)
        eventStore.maximumCommandsPerBatch = environment.int(
            "MAX_COMMANDS_PER_BATCH", default: eventStore.maximumCommandsPerBatch, in: 1...1000)
        eventStore.maximumQueuedPerLane = environment.int(
            "MAX_QUEUED_PER_LANE", default: eventStore.maximumQueuedPerLane, in: 1...100_000)
        corsAllowedOrigins = Self.origins(environment)
        listConnections = environment.int("LIST_CONNECTIONS", default: 2, in: 1...16)
        shutdownDelay = Self.shutdownDelay(environment)
    }

    /// What the process may take to stop: the delay, and then as long as any service.
    public static func drainTimeout(_ environment: EnvironmentReader) -> Duration {
        shutdownDelay(environment) + ServiceProcess.drainTimeout
    }

    private static func shutdownDelay(_ environment: EnvironmentReader) -> Duration {
        environment.duration("SHUTDOWN_DELAY", default: .zero, in: .zero ... .seconds(300))
    }

    private static func origins(_ environment: EnvironmentReader) -> [String] {
        let origins = environment.string("CORS_ALLOWED_ORIGINS", default: "").split(separator: ",").map {
            String($0.drop { $0 == " " }.prefix { $0 != " " })
        }
        for origin in origins where origin != "*" && (!origin.contains("://") || origin.hasSuffix("/")) {
            environment.report("CORS_ALLOWED_ORIGINS", "'\(origin)' is not an origin such as https://shop.example")
        }
        return origins
    }
}
