import Glibc
import Kafka
import OutboxAdoption
import Postgres
import Sabotage

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
    /// Whether each relay has a role of its own, so that moves of the checkpoint can be told apart.
    let watchesLeaders: Bool
    /// What a drill sets beside.
    private let settings: [Service: [String: String]]
    private var processes: [Service: ChildProcess] = [:]
    /// Relays beside the first one, by name.
    private var relays: [String: ChildProcess] = [:]
    /// How many processes were started, and relays among them: each has a log, and each relay a role.
    private var (starts, relayStarts) = (0, 0)

    /// Starts everything and waits until all services are ready.
    ///
    /// - Parameter id: no other drill has it.
    init(_ setup: DrillSetup, _ drill: Drill, in folder: String, id: String) throws {
        let needs = drill.needs
        (self.setup, self.folder, self.needs, settings) = (setup, folder, needs, drill.settings)
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
        // A given server need not let anybody make roles.
        watchesLeaders = setup.database == nil
        if watchesLeaders { try LeaderWatch.begin(try postgres.connect()) }
        standby = needs.contains(.standby) ? try postgres.makeStandby(in: folder) : nil
        links = needs.contains(.links) ? try DrillLinks(postgres: postgres.hosts, kafka: kafka.address) : nil
        for service in Service.allCases { try start(service) }
        for service in Service.allCases { try waitUntilReady(service) }
    }

    var httpPort: Int { ports[.server] ?? 0 }

    func port(of service: Service) -> Int { ports[service] ?? 0 }

    private func environment(of service: Service, _ failPoint: FailPointSetting?) -> [String: String] {
        let link = links?[service]
        var variables = ["PATH": "/usr/bin:/bin", "DATABASE_URL": postgres.url(link?.postgres.address)]
        variables[service.portVariable] = "\(port(of: service))"
        variables[FailPointSetting.variable] = failPoint?.description
        variables[Mutant.variable] = setup.mutant?.rawValue
        variables.merge(clocks[service.rawValue]?.environment ?? [:]) { $1 }
        if service != .server { variables.merge(kafka.environment(at: link?.kafka.address ?? kafka.address)) { $1 } }
        switch service {
        case .server: variables["GRPC_PORT"] = "\(grpcPort)"
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
            if watchesLeaders {
                relayStarts += 1
                variables["DATABASE_URL"] = postgres.url(link?.postgres.address, as: LeaderWatch.role(relayStarts))
            }
            variables["RELAY_TOPIC"] = kafka.topic("{aggregate_type}")
            variables["RELAY_CHECKPOINT_TOPIC"] = kafka.prefix + "checkpoints"
            variables["RELAY_PARKED_RETRY"] = "2s"
            if needs.contains(.shortRetention) { variables["RELAY_RETENTION"] = "1s" }
        }
        return variables.merging(settings[service] ?? [:]) { $1 }
    }

    private static let consumer = ["KAFKA_SESSION_TIMEOUT_MS": "6000", "KAFKA_FETCH_WAIT_MAX_MS": "10"]

    // MARK: Services

    /// Starts it, or another process in its place.
    @discardableResult
    func start(_ service: Service, with failPoint: FailPointSetting? = nil) throws -> ChildProcess {
        let process = try spawn(service.rawValue, service, environment(of: service, failPoint))
        processes[service] = process
        return process
    }

    private func spawn(_ name: String, _ service: Service, _ environment: [String: String]) throws -> ChildProcess {
        starts += 1
        return try ChildProcess(
            name, ["\(setup.programs)/\(service.rawValue)"], environment: environment,
            log: "\(folder)/\(name)-\(starts).log")
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
            return (try? RESTClient(port: port(of: service)).get("/readyz").status) == 200
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
    func startRelay(_ name: String, with failPoint: FailPointSetting? = nil) throws -> ChildProcess {
        var variables = environment(of: .relay, failPoint)
        variables["RELAY_NAME"] = name
        variables["RELAY_ADMIN_PORT"] = "-1"
        let process = try spawn("outbox-relay-\(name)", .relay, variables)
        relays[name] = process
        return process
    }

    /// The relay of this name beside the first one.
    func relay(_ name: String) throws -> ChildProcess {
        guard let process = relays[name] else { throw DrillError("the relay \(name) was never started") }
        return process
    }

    func waitUntilLeads(_ name: String) throws {
        try wait("\(name) to lead", for: "EXISTS (SELECT FROM relay_state WHERE leader = '\(name)' AND lease_is_valid)")
    }

    // MARK: Questions

    /// Waits for a condition of SQL; a lost connection is a no.
    ///
    /// - Throws: ``DrillError`` if it does not come true in time; `PostgresError` if the condition itself is wrong.
    func wait(_ what: String, seconds: Int = DrillLimits.startSeconds, for condition: String) throws {
        try Patience.until(what, seconds: seconds) {
            do {
                return try ask(condition)
            } catch let error as PostgresError where error.sqlState?.hasPrefix("42") != true {
                return false
            }
        }
    }

    /// Nothing is on its way: neither for the relay, nor for the consumers.
    func waitUntilAtRest(seconds: Int) throws {
        try wait(
            "the drain", seconds: seconds,
            for: """
                (SELECT unpublished_rows = 0 AND held_rows = 0 FROM outbox_state) AND NOT EXISTS (
                    SELECT FROM (SELECT aggregate_id, max(sequence_number) AS last FROM event GROUP BY aggregate_id) e
                    LEFT JOIN order_projection p ON p.order_id = e.aggregate_id
                    WHERE p.last_sequence_number IS DISTINCT FROM e.last
                        OR (p.payment_status IN (1, 2) AND p.shipping_status <> 5))
                """)
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
