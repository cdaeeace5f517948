import Postgres
import Synchronization
import Threads

/// What is seen of a stack while a drill runs.
struct WatchSample: Sendable {
    /// Since the load began.
    var seconds: Double
    /// Whether a service says that it is ready; without those that do not answer.
    var ready: [DrillStack.Service: Bool] = [:]
    /// What the first relay tells; nil if it does not answer.
    var relay: RelayNumbers?
    /// How long a transaction of a relay has been open while nothing is done in it; nil if Postgres does not answer.
    var idleSeconds: Double?
    /// Rows that wait, as Postgres knows it; nil if Postgres does not answer.
    var unpublished: Int?
}

/// The relay's metrics that a drill compares with the truth.
struct RelayNumbers: Equatable, Sendable {
    var unpublished: Int
    var held: Int
    var parked: Int
    var leads: Bool

    init(unpublished: Int, held: Int, parked: Int, leads: Bool) {
        (self.unpublished, self.held, self.parked, self.leads) = (unpublished, held, parked, leads)
    }

    /// Reads the text of `/metrics`; nil if a number is missing.
    init?(_ text: String) {
        var values: [Substring: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            if words.count == 2 { values[words[0]] = Double(words[1]) }
        }
        guard let unpublished = values["outbox_relay_unpublished_rows"], let held = values["outbox_relay_held_rows"],
            let parked = values["outbox_relay_parked_keys"], let leads = values["outbox_relay_leader"]
        else { return nil }
        self.init(unpublished: Int(unpublished), held: Int(held), parked: Int(parked), leads: leads == 1)
    }
}

/// Looks at health endpoints, metrics and sessions every now and then, on a thread of its own.
final class DrillWatch: Sendable {
    private let samples = Mutex<[WatchSample]>([])
    private let isStopping = Atomic(false)
    private let thread: ThreadExecutor

    init(_ stack: DrillStack, began: ContinuousClock.Instant) throws {
        thread = try ThreadExecutor(name: "drill-watch")
        var postgres = stack.postgres.configuration()
        postgres.statementDeadline = .seconds(1)
        postgres.connectTimeout = .seconds(1)
        let probe = DrillProbe(stack)
        thread.submit { [self, postgres] in
            var connection: PostgresConnection?
            while !isStopping.load(ordering: .acquiring) {
                Patience.pause(.milliseconds(DrillLimits.sampleMilliseconds))
                var sample = WatchSample(seconds: (ContinuousClock.now - began) / .seconds(1))
                sample.ready = probe.ready()
                sample.relay = probe.relay()
                (sample.idleSeconds, sample.unpublished) = Self.sessions(&connection, postgres) ?? (nil, nil)
                let finished = sample
                samples.withLock { $0.append(finished) }
            }
        }
    }

    private static let sessions: PostgresStatement = """
        SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)
                                FILTER (WHERE state = 'idle in transaction')), 0)::float8,
               (SELECT unpublished_rows FROM outbox_state)
        FROM pg_stat_activity WHERE application_name LIKE 'outbox-relay%'
        """

    private static func sessions(
        _ connection: inout PostgresConnection?, _ configuration: PostgresConfiguration
    ) -> (Double, Int)? {
        do {
            let open = try connection ?? PostgresConnection(configuration)
            connection = open
            let rows = try open.query(Self.sessions)
            return (try rows.double(0, 0), Int(try rows.int64(0, 1)))
        } catch {
            connection = nil
            return nil
        }
    }

    /// Ends looking; what was seen.
    func stop() -> [WatchSample] {
        isStopping.store(true, ordering: .releasing)
        thread.shutdown()
        return samples.withLock { $0 }
    }
}

/// Asks the services of a stack how they are.
struct DrillProbe: Sendable {
    private let ports: [DrillStack.Service: Int]
    private static let patience = Duration.milliseconds(DrillLimits.probeMilliseconds)

    init(_ stack: DrillStack) {
        ports = Dictionary(uniqueKeysWithValues: DrillStack.Service.allCases.map { ($0, stack.port(of: $0)) })
    }

    /// Without those that do not answer.
    func ready() -> [DrillStack.Service: Bool] {
        ports.compactMapValues { port in
            (try? RESTClient(port: port, patience: Self.patience).get("/readyz").status).map { $0 == 200 }
        }
    }

    /// nil if the first relay does not answer.
    func relay() -> RelayNumbers? {
        let answer = try? RESTClient(port: ports[.relay] ?? 0, patience: Self.patience).get("/metrics")
        return answer.flatMap { RelayNumbers($0.body) }
    }
}
