public import EventStore
public import HTTP2
import NIOCore
public import Postgres
public import Runtime

/// The settings of an orders server, read once at start.
public struct ServerConfiguration: Sendable {
    /// The address on which one transport listens.
    public struct Endpoint: Sendable, Hashable {
        /// An address or a name; `0.0.0.0` stands for every IPv4 interface.
        public var host: String
        /// 0 takes any free port.
        public var port: Int
        /// The environment variable that sets the port, for error messages.
        public let portVariable: String
    }

    /// `HTTP_HOST`, `HTTP_PORT`: REST, probes and metrics over HTTP/1.1. Default 0.0.0.0:8080.
    public var http: Endpoint
    /// `GRPC_HOST`, `GRPC_PORT`: gRPC, and REST over HTTP/2. Default 0.0.0.0:8081.
    public var grpc: Endpoint
    /// `SERVER_ADMIN_HOST`, `SERVER_ADMIN_PORT`: probes, metrics and settings on a port that clients do not reach.
    /// Default none; the host is 127.0.0.1.
    public var admin: Endpoint?
    /// `GRPC_EVENT_LOOPS`: how many threads of its own the gRPC port has, 1 to 256. Default nil: it shares the threads
    /// of the process, one per processor.
    public var grpcEventLoops: Int?
    /// `TLS_CERTIFICATE_FILE`, `TLS_PRIVATE_KEY_FILE`, `TLS_CLIENT_CA_FILE`, `TLS_REQUIRE_CLIENT_CERTIFICATE`: TLS on
    /// the gRPC port. Default none: HTTP/2 with prior knowledge.
    public var tls: HTTP2TLSConfiguration?
    /// `DATABASE_URL`, or libpq's own `PG*` variables without it.
    public var postgres: PostgresConfiguration
    /// `WRITE_LANES`, `READ_LANES`, `MAX_COMMANDS_PER_BATCH`, `MAX_QUEUED_PER_LANE`: the command lanes.
    public var eventStore: EventStoreConfiguration
    /// `LIST_CONNECTIONS`: connections that read the list of orders, 1 to 16. Default 2.
    public var listConnections: Int
    /// `CORS_ALLOWED_ORIGINS`: the origins, separated by commas, whose web pages may use the API; `*` stands for
    /// all. Default none.
    public var corsAllowedOrigins: [String]

    /// `SHUTDOWN_DELAY`: how long the server accepts requests after SIGTERM, 0 to 300 s, while `/readyz` and health are
    /// off already, so that load balancers stop sending before connections are closed. Default 0s.
    public var shutdownDelay: Duration

    /// Reads the settings. Values that are not acceptable are reported to `environment`, which throws them together.
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
        let adminHost = environment.string("SERVER_ADMIN_HOST", default: "127.0.0.1")
        admin = environment.optionalString("SERVER_ADMIN_PORT").map { _ in
            Endpoint(
                host: adminHost, port: environment.port("SERVER_ADMIN_PORT", default: 0),
                portVariable: "SERVER_ADMIN_PORT")
        }
        grpcEventLoops = environment.optionalString("GRPC_EVENT_LOOPS").map { _ in
            environment.int("GRPC_EVENT_LOOPS", default: 1, in: 1...256)
        }
        tls = HTTP2TLSConfiguration(environment)
        postgres = PostgresConfiguration(
            url: environment.databaseURL(fault: PostgresURL.fault), applicationName: "orders-server")
        postgres.refusesTransactionPooler = true
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

    /// The longest time the process takes to stop: the shutdown delay, and then the drain of its services.
    public static func drainTimeout(_ environment: EnvironmentReader) -> Duration {
        shutdownDelay(environment) + ServiceProcess.drainTimeout
    }

    /// The bound of connections of the REST port and of the gRPC port, from the limit on open files. Postgres, event
    /// loops and the rest of the process keep what they need.
    var connectionsPerPort: Int {
        // An event loop has an epoll, an eventfd and a timerfd; a connection to Postgres has a socket, and a second one
        // while it is cancelled or replaced.
        let loops = 3 * (System.coreCount + (grpcEventLoops ?? 0))
        let postgres = 2 * (eventStore.writeLanes + eventStore.readLanes + listConnections + 2)
        return DescriptorBudget.connections(
            reserve: RESTLimits.reservedDescriptors + loops + postgres, listeners: 2,
            most: RESTLimits.maximumConnections)
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

extension HTTP2TLSConfiguration {
    /// `TLS_CERTIFICATE_FILE` and `TLS_PRIVATE_KEY_FILE` switch TLS on for the gRPC port. With `TLS_CLIENT_CA_FILE` a
    /// client must show a certificate of one of those authorities; `TLS_REQUIRE_CLIENT_CERTIFICATE=false` makes that
    /// optional. Nil without a certificate.
    fileprivate init?(_ environment: EnvironmentReader) {
        let certificate = environment.optionalString("TLS_CERTIFICATE_FILE")
        let key = environment.optionalString("TLS_PRIVATE_KEY_FILE")
        let authority = environment.optionalString("TLS_CLIENT_CA_FILE")
        let isRequired = environment.bool("TLS_REQUIRE_CLIENT_CERTIFICATE", default: true)
        guard let certificate, let key else {
            if certificate != nil {
                environment.report("TLS_PRIVATE_KEY_FILE", "must be set together with TLS_CERTIFICATE_FILE")
            }
            if key != nil {
                environment.report("TLS_CERTIFICATE_FILE", "must be set together with TLS_PRIVATE_KEY_FILE")
            }
            if certificate == nil, key == nil, authority != nil {
                environment.report(
                    "TLS_CLIENT_CA_FILE", "has no effect without TLS_CERTIFICATE_FILE and TLS_PRIVATE_KEY_FILE")
            }
            return nil
        }
        self.init(
            certificateChainFile: certificate, privateKeyFile: key, clientAuthorityFile: authority,
            requiresClientCertificate: isRequired)
    }
}
