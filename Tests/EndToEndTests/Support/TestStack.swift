import Foundation
import InvariantKit
import Kafka
import Postgres
import TestKit
import Testing

/// The whole system from its real debug binaries, on free ports, with a Postgres of its own and a ``StackKafka``.
final class TestStack: @unchecked Sendable {
    enum Service: String, CaseIterable {
        case relay = "outbox-relay"
        case projector = "orders-projector"
        case payments = "orders-payments"
        case server = "orders-server"

        /// Names the port of its `/readyz`.
        var portVariable: String {
            switch self {
            case .relay: "RELAY_ADMIN_PORT"
            case .projector: "PROJECTOR_ADMIN_PORT"
            case .payments: "PAYMENTS_ADMIN_PORT"
            case .server: "HTTP_PORT"
            }
        }

        /// The role under which it uses the database.
        var role: String {
            switch self {
            case .relay: "outbox_relay"
            case .projector: "outbox_projector"
            case .payments: "outbox_payments"
            case .server: "outbox_server"
            }
        }
    }

    let postgres: TestPostgres
    /// Where every process and every question of the test goes. Names a standby as well once there is one.
    private(set) var databaseURL: String
    let kafka: StackKafka
    let grpcAddress: String
    private let ports: [Service: Int]
    /// Only the test that owns the stack starts and ends processes, one after the other.
    private var processes: [Service: ManagedProcess] = [:]
    private var others: [ManagedProcess] = []
    /// Whether the roles of the services are there.
    private var hasRoles = false

    /// Runs a test on a started and healthy stack, and ends all of it afterwards.
    static func with(
        _ services: [Service] = Service.allCases, brokers: Int = 1, isStrict: Bool = false,
        _ body: (TestStack) async throws -> Void
    ) async throws {
        try await bare(brokers: brokers, isStrict: isStrict) { stack in
            try await stack.migrate()
            for service in services { try await stack.start(service) }
            for service in services { try await stack.healthy(service) }
            try await body(stack)
        }
    }

    /// The API alone, with settings of its own; nothing follows its events.
    static func withServer(_ settings: [String: String] = [:], _ body: (TestStack) async throws -> Void) async throws {
        try await bare { stack in
            try await stack.migrate()
            try await stack.start(.server, settings)
            try await stack.healthy(.server)
            try await body(stack)
        }
    }

    /// The same with an empty database and no service started.
    static func bare(brokers: Int = 1, isStrict: Bool = false, _ body: (TestStack) async throws -> Void) async throws {
        let stack = try await TestStack(StackKafka.open(brokers: brokers, isStrict: isStrict))
        do {
            try await body(stack)
        } catch {
            stack.tellOutput()
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private init(_ kafka: StackKafka) async throws {
        postgres = try await TestPostgres.start()
        databaseURL = try await postgres.createDatabase()
        self.kafka = kafka
        grpcAddress = "127.0.0.1:\(try FreePort.next())"
        ports = Dictionary(uniqueKeysWithValues: try Service.allCases.map { ($0, try FreePort.next()) })
    }

    /// From here on processes and questions go to whichever of these servers accepts writes.
    func useServers(_ servers: [TestPostgres]) {
        databaseURL = url(servers)
    }

    /// The stack's database on whichever of these servers accepts writes.
    func url(_ servers: [TestPostgres]) -> String {
        let database = databaseURL.split(separator: "/").last.map { $0.prefix { $0 != "?" } } ?? ""
        let hosts = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "postgresql://postgres@\(hosts)/\(database)?target_session_attrs=read-write"
    }

    var httpURL: String { url(of: .server) }

    func url(of service: Service) -> String { "http://127.0.0.1:\(ports[service] ?? 0)" }

    private func end() async {
        for process in processes.values + others { process.abandon() }
        kafka.close()
        try? await postgres.stop(.immediate)
    }

    /// Shows what the processes said, for whoever has to find out why a test failed.
    private func tellOutput() {
        for process in processes.values + others {
            print(
                "--- \(process.name) \(process.pid)", process.output.suffix(40).joined(separator: "\n"), separator: "\n"
            )
        }
    }
}

// MARK: - Processes

extension TestStack {
    func migrate() async throws {
        _ = try await Command.output(
            [TestPaths.binary("outboxctl").path, "migrate"], environment: ["DATABASE_URL": databaseURL])
        _ = try await Command.output(
            [TestPaths.binary("outboxctl").path, "role", "--for", "all", "--name", "outbox", "--apply"],
            environment: ["DATABASE_URL": databaseURL])
        hasRoles = true
    }

    /// The same database, used under a role that ``migrate()`` made; before that, as the superuser.
    ///
    /// - Parameter url: nil for ``databaseURL``.
    func url(as role: String, _ url: String? = nil) -> String {
        let url = url ?? databaseURL
        return hasRoles ? url.replacing("//postgres@", with: "//\(role)@") : url
    }

    /// What a service is told. The database is used under the service's role, also through a proxy or a pooler.
    private func environment(of service: Service, _ settings: [String: String]) -> [String: String] {
        var variables = environment(of: service).merging(settings) { $1 }
        variables["DATABASE_URL"] = variables["DATABASE_URL"].map { url(as: service.role, $0) }
        return variables
    }

    func environment(of service: Service) -> [String: String] {
        var variables = [
            "DATABASE_URL": databaseURL, "KAFKA_BOOTSTRAP_SERVERS": kafka.address, "LOG_LEVEL": "info",
            service.portVariable: "\(ports[service] ?? 0)",
        ]
        switch service {
        case .server:
            variables["GRPC_PORT"] = String(grpcAddress.split(separator: ":").last ?? "")
        case .projector:
            variables.merge(kafka.consumer) { _, new in new }
            variables["PROJECTOR_TOPIC"] = kafka.topic("order")
            variables["PROJECTOR_GROUP"] = kafka.topicPrefix + "projection"
        case .payments:
            variables.merge(kafka.consumer) { _, new in new }
            variables["PAYMENTS_TOPIC"] = kafka.topic("order")
            variables["PAYMENTS_GROUP"] = kafka.topicPrefix + "payments"
        case .relay:
            variables["RELAY_TOPIC"] = kafka.topic("{aggregate_type}")
            variables["RELAY_CHECKPOINT_TOPIC"] = checkpointTopic
        }
        return variables
    }

    /// Takes a process that the test has started; it ends with the stack.
    func keep(_ process: ManagedProcess) -> ManagedProcess {
        others.append(process)
        return process
    }

    /// - Parameter settings: added to what the service is always told.
    func start(_ service: Service, _ settings: [String: String] = [:]) async throws {
        processes[service] = try await ManagedProcess.start(
            TestPaths.binary(service.rawValue), environment: environment(of: service, settings))
    }

    /// Starts the service through a line of bash, which gets the service as `"$@"` and replaces itself by it.
    func start(_ service: Service, _ settings: [String: String] = [:], throughShell line: String) async throws {
        processes[service] = try await ManagedProcess.start(
            URL(filePath: "/bin/bash"), ["-c", line, "shell", TestPaths.binary(service.rawValue).path],
            environment: environment(of: service, settings))
    }

    /// Starts the service with its output in a full pipe that stays open and that nobody reads.
    func startUnread(_ service: Service, _ settings: [String: String] = [:]) async throws {
        try await start(
            service, settings,
            throughShell: """
                fifo=$(mktemp -u) && mkfifo "$fifo" && exec 9<>"$fifo"
                dd if=/dev/zero of="$fifo" bs=4096 count=1024 oflag=nonblock status=none 2>/dev/null
                rm "$fifo" && exec "$@" >&9 2>&1
                """)
    }

    /// The value of a metric without labels.
    func metric(_ name: String, of service: Service) async throws -> Double {
        let text = try await Command.output([
            "curl", "--fail", "--silent", "--show-error", url(of: service) + "/metrics",
        ])
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        guard let value = line.flatMap({ Double($0.dropFirst(name.count + 1)) }) else {
            throw TestFailure("no metric \(name)")
        }
        return value
    }

    /// Waits until the service says that it is ready. curl does the waiting.
    func healthy(_ service: Service) async throws {
        _ = try await Command.output(
            [
                "curl", "--fail", "--silent", "--show-error", "--retry", "60", "--retry-delay", "1", "--retry-max-time",
                "60",
                "--retry-all-errors", "--max-time", "5", url(of: service) + "/readyz",
            ])
    }

    /// `kill -9`, and a new process in its place.
    func crash(_ service: Service) async throws {
        try await kill(service)
        try await start(service)
    }

    /// `kill -9`.
    func kill(_ service: Service) async throws {
        let process = try process(service)
        process.signal(SIGKILL)
        #expect(try await process.exit() == 128 + SIGKILL)
    }

    /// SIGTERM; returns the exit code.
    func terminate(_ service: Service) async throws -> Int32 {
        let process = try process(service)
        process.signal(SIGTERM)
        return try await process.exit()
    }

    func process(_ service: Service) throws -> ManagedProcess {
        guard let process = processes[service] else { throw TestFailure("\(service.rawValue) was never started") }
        return process
    }
}
