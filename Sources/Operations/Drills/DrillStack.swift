import Glibc
import Kafka
import OutboxAdoption
import Postgres
import Threads

/// A whole system on free ports, with a folder of its own. One thread starts and ends its processes.
final class DrillStack {
    enum Service: String, CaseIterable {
        case relay = "outbox-relay"
        case projector = "orders-projector"
        case payments = "orders-payments"
        case server = "orders-server"

        var portVariable: String {
            switch self {
            case .relay: "RELAY_ADMIN_PORT"
            case .projector: "PROJECTOR_ADMIN_PORT"
            case .payments: "PAYMENTS_ADMIN_PORT"
            case .server: "HTTP_PORT"
            }
        }
    }

    let setup: DrillSetup
    let folder: String
    let postgres: DrillPostgres
    let kafka: DrillKafka
    /// Where a drill needs one.
    let standby: DrillPostgres?
    let disk: SmallDisk?
    let links: DrillLinks?
    let grpcPort: Int
    private let needs: DrillNeeds
    private let clocks: [String: DrillClock]
    private let ports: [Service: Int]
    private var processes: [Service: ChildProcess] = [:]
    /// Relays beside the first one, by name.
    private var relays: [String: ChildProcess] = [:]

    /// Starts everything and waits until all services are ready.
    ///
    /// - Parameter id: no other drill has it.
    init(_ setup: DrillSetup, for needs: DrillNeeds, in folder: String, id: String) throws {
        (self.setup, self.folder, self.needs) = (setup, folder, needs)
        grpcPort = try FreePorts.next()
        ports = Dictionary(uniqueKeysWithValues: try Service.allCases.map { ($0, try FreePorts.next()) })
        clocks = try Self.clocks(needs, in: folder)
        disk = try Self.disk(needs, in: folder)
        postgres =
            try setup.database.map { try DrillPostgres(given: $0, "outbox_drill_\(id)") }
            ?? DrillPostgres(in: folder, "postgres", Self.shape(needs, disk, clocks["postgres"]))
        kafka = try DrillKafka(setup, needs, in: folder, id: id)
        try postgres.makeDatabase(in: Self.tablespace(needs, disk, postgres))
        _ = try RelaySchemaUpgrade.migrate(directory: setup.migrations, try postgres.connect())
        standby = needs.contains(.standby) ? try postgres.makeStandby(in: folder) : nil
        links = needs.contains(.links) ? try DrillLinks(postgres: postgres.hosts, kafka: kafka.address) : nil
        for service in Service.allCases { try start(service) }
        for service in Service.allCases { try waitUntilReady(service) }
    }

    var httpPort: Int { ports[.server] ?? 0 }

    private func environment(of service: Service) -> [String: String] {
        let link = links?[service]
        var variables = ["PATH": "/usr/bin:/bin", "DATABASE_URL": postgres.url(link?.postgres.address)]
        variables[service.portVariable] = "\(ports[service] ?? 0)"
        variables.merge(clocks[service.rawValue]?.environment ?? [:]) { $1 }
        guard service != .server else {
            variables["GRPC_PORT"] = "\(grpcPort)"
            return variables
        }
        variables.merge(kafka.environment(at: link?.kafka.address ?? kafka.address)) { $1 }
        switch service {
        case .server: break
        case .projector:
            variables.merge(Self.consumer) { $1 }
            variables["PROJECTOR_TOPIC"] = kafka.topic("order")
            variables["PROJECTOR_GROUP"] = kafka.prefix + "projection"
        case .payments:
            variables.merge(Self.consumer) { $1 }
            variables["PAYMENTS_TOPIC"] = kafka.topic("order")
            variables["PAYMENTS_GROUP"] = kafka.prefix + "payments"
        case .relay:
            variables["RELAY_LEASE"] = "\(DrillLimits.leaseSeconds)s"
            variables["RELAY_DELIVERY"] = setup.delivery.rawValue
            variables["RELAY_NAME"] = "first"
            variables["RELAY_TOPIC"] = kafka.topic("{aggregate_type}")
            variables["RELAY_CHECKPOINT_TOPIC"] = kafka.prefix + "checkpoints"
            variables["RELAY_PARKED_RETRY"] = "2s"
            if needs.contains(.shortRetention) { variables["RELAY_RETENTION"] = "1s" }
        }
        return variables
    }

    private static let consumer = ["KAFKA_SESSION_TIMEOUT_MS": "6000", "KAFKA_FETCH_WAIT_MAX_MS": "10"]

    // MARK: Services

    func start(_ service: Service) throws {
        processes[service] = try ChildProcess(
            service.rawValue, ["\(setup.programs)/\(service.rawValue)"], environment: environment(of: service),
            log: "\(folder)/\(service.rawValue).log")
    }

    func process(_ service: Service) throws -> ChildProcess {
        guard let process = processes[service] else { throw DrillError("\(service.rawValue) was never started") }
        return process
    }

    /// Waits until `/readyz` answers 200.
    func waitUntilReady(_ service: Service) throws {
        let process = try process(service)
        try Patience.until("the readiness of \(service.rawValue)") {
            guard process.isRunning else { throw DrillError("\(service.rawValue) ended, see \(process.log)") }
            return (try? RESTClient(port: ports[service] ?? 0).get("/readyz").status) == 200
        }
    }

    /// `kill -9`, and a new process in its place.
    func crash(_ service: Service) throws {
        try process(service).kill9()
        try start(service)
    }

    /// SIGTERM.
    ///
    /// - Throws: ``DrillError`` if it does not end, or with another status than 0.
    func terminate(_ service: Service) throws {
        let process = try process(service)
        process.signal(SIGTERM)
        let code = try process.exit()
        guard code == 0 else { throw DrillError("\(service.rawValue) ended with status \(code) after SIGTERM") }
    }

    /// A limit of a running process, as `prlimit` names it: `nofile=40`.
    func limit(_ service: Service, _ limit: String) throws {
        let words = ["/usr/bin/prlimit", "--pid", "\(try process(service).pid)", "--\(limit)"]
        let path = ["PATH": "/usr/bin:/bin"]
        let change = try ChildProcess("prlimit", words, environment: path, log: "\(folder)/prlimit.log")
        guard try change.exit() == 0 else { throw DrillError("\(limit) cannot be set, see \(folder)/prlimit.log") }
    }

    /// Sets the clock of a service, or of `postgres`, so much beside the machine's.
    func step(_ name: String, seconds: Int) throws {
        guard let clock = clocks[name] else { throw DrillError("the clock of \(name) cannot be set") }
        try clock.step(seconds: seconds)
    }

    // MARK: More relays

    @discardableResult
    func startRelay(_ name: String) throws -> ChildProcess {
        var variables = environment(of: .relay)
        variables["RELAY_NAME"] = name
        variables["RELAY_ADMIN_PORT"] = "-1"
        let process = try ChildProcess(
            "outbox-relay-\(name)", ["\(setup.programs)/outbox-relay"], environment: variables,
            log: "\(folder)/outbox-relay-\(name).log")
        relays[name] = process
        return process
    }

    func waitUntilLeads(_ name: String) throws {
        try wait("\(name) to lead", for: "EXISTS (SELECT FROM relay_state WHERE leader = '\(name)' AND lease_is_valid)")
    }

    // MARK: Questions

    /// Waits for a condition of SQL; a lost connection is a no.
    func wait(_ what: String, seconds: Int = DrillLimits.startSeconds, for condition: String) throws {
        try Patience.until(what, seconds: seconds) { (try? ask(condition)) == true }
    }

    func ask(_ condition: String) throws -> Bool {
        try postgres.connect().query(PostgresStatement("SELECT \(condition)")).bool(0, 0)
    }

    func end() {
        let all = Array(processes.values) + Array(relays.values)
        for process in all { process.signal(SIGCONT) }
        for process in all { process.signal(SIGKILL) }
        for process in all { _ = try? process.exit() }
        links?.end()
        kafka.end()
        standby?.end()
        postgres.end()
        disk?.end()
    }
}
