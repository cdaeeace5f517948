import Outbox
import Postgres
import Sabotage

/// Relays, writers and a reader of committed messages on a model of Postgres and of Kafka, under one scheduler and one
/// seed.
///
/// The relays are the real ones: machines, sessions, checkpoint, deliveries, leadership. There are no threads, no
/// sockets and no clock. One step of one participant runs at a time; while it runs, others run at each of its
/// statements, as deep as ``deepest``. Time passes between steps, and jumps when nobody has anything to do.
package final class Simulation {
    let options: SimulationOptions
    let guarantee: DeliveryGuarantee
    let weather: Weather
    let clock: SimulatedClock
    let server: ModelPostgres
    let kafka: ModelKafka
    let judge: Judge
    var writers: SimulatedWriters
    var relays: [SimulatedRelay] = []
    var random: SeededRandom
    var report = SimulationReport()
    /// Faults do not happen any more.
    private(set) var isHealed = false
    /// How many participants are in the middle of a step.
    private(set) var depth = 0
    private var nextOwner = 1
    /// When Postgres, or Kafka, is there again; nil while it is.
    var serverUpAt: Int64?
    var kafkaUpAt: Int64?
    /// Sessions whose client has gone, and when the server notices.
    var forgotten: [(session: ModelSession, at: Int64)] = []
    var nextOperatorAt: Int64 = 0
    var nextFlushAt: Int64 = 0

    /// Participants that run inside a step of another one.
    static let deepest = 2
    static let keys = 6
    /// After the healing: how long, in microseconds, and in how many steps, the outbox has to drain.
    static let longestDrain: Int64 = 400_000_000
    static let mostDrainSteps = 60_000
    /// Steps after the healing have chances of their own as well.
    private static let firstDrainStep = 1_000_000_000

    /// Nothing runs yet.
    package init(_ options: SimulationOptions) {
        self.options = options
        var random = SeededRandom(options.seed)
        let choice: DeliveryGuarantee = random.chance(2) ? .exactlyOnce : .atLeastOnce
        guarantee = options.guarantee ?? (options.mutant?.needsExactlyOnce == true ? .exactlyOnce : choice)
        weather = Weather(&random, without: options.withoutFaults)
        let clock = SimulatedClock()
        self.clock = clock
        server = ModelPostgres(now: { clock.now }, mutant: options.mutant)
        kafka = ModelKafka(mutant: options.mutant)
        let judge = Judge(server, keys: Self.keys, isExactlyOnce: guarantee == .exactlyOnce)
        self.judge = judge
        writers = SimulatedWriters(1 + random.below(4), keys: Self.keys)
        let count = options.relays ?? (1 + random.below(3))
        relays = (0..<count).map { SimulatedRelay($0, clock) }
        self.random = random
        kafka.onMessage = { judge.see($0) }
        server.onMove = { judge.moved(by: $0, leading: $1) }
    }

    // MARK: The run

    /// Makes the run.
    ///
    /// - Throws: when the process has no file descriptors left.
    package func run() throws -> SimulationReport {
        // A relay knows the simulation that it runs in.
        defer { for relay in relays { relay.end() } }
        for relay in relays { try start(relay, in: 0) }
        for step in 0..<options.steps where judge.violation == nil && !options.leftOut.contains(step) {
            turn(to: step)
            happen()
            act()
        }
        heal()
        var steps = 0
        let deadline = clock.now + Self.longestDrain
        while judge.violation == nil, !isDrained {
            turn(to: Self.firstDrainStep + steps)
            act()
            steps += 1
            if steps > Self.mostDrainSteps || clock.now > deadline {
                judge.report(judge.skipped.isEmpty ? .noProgress : .rowsLost, waitsFor)
            }
        }
        report.steps += steps + options.steps
        report.violation = judge.violation
        report.repeated = judge.repeated
        report.rows = server.visibleRows { _ in true }.count
        report.epochs = server.tables.checkpoint.epoch
        report.faults[.failedRequests] = kafka.failures
        report.fencings = kafka.coordinator.fencings
        report.relayMicroseconds = clock.elapsed * Int64(relays.count)
        return report
    }

    private func turn(to step: Int) {
        random = SeededRandom(options.seed, stream: UInt64(step) + 1)
        kafka.random = SeededRandom(options.seed ^ 0x6B61_666B, stream: UInt64(step) + 1)
    }

    private func heal() {
        isHealed = true
        weather.apply(to: kafka, isHealed: true)
        kafka.poisoned = []
        kafka.tooLarge = []
        kafka.closedTypes = []
        if !kafka.isUp { kafkaUpAt = clock.now }
        for relay in relays where relay.stoppedUntil != nil { relay.stoppedUntil = clock.now }
        writers.close()
        trace("everything is healed")
    }

    private var isDrained: Bool {
        writers.areIdle && server.isUp && kafka.strays.isEmpty && judge.missing.isEmpty && server.tables.held.isEmpty
            && server.tables.parked.isEmpty
    }

    private var waitsFor: String {
        let missing = judge.missing.prefix(5).map { "k\($0.key)/\($0.sequence) of transaction \($0.transaction)" }
        return "\(judge.missing.count) rows are not in Kafka \(clock.elapsed / 1_000_000) s after the beginning ("
            + missing.joined(separator: ", ")
            + "), \(server.tables.held.count) rows are held, \(server.tables.parked.count) keys are parked; "
            + relays.map(\.description).joined(separator: "; ")
    }

    func trace(_ line: @autoclosure () -> String) {
        guard options.isTraced else { return }
        report.trace.append(
            "\(Double(clock.elapsed / 1_000) / 1_000) s " + String(repeating: "  ", count: depth) + line())
    }

    // MARK: One step

    /// One of those who can do something does it. If nobody can, time passes until somebody can.
    func act() {
        depth += 1
        defer { depth -= 1 }
        // Inside a step of another participant time does not jump, mostly: that one would be stopped meanwhile.
        let mayJump = depth == 1 || random.chance(24)
        for _ in 0..<(mayJump ? 2 : 1) {
            let found = participants
            let ready = found.filter { $0.at <= clock.now }
            if !ready.isEmpty {
                perform(ready[random.below(ready.count)].who)
                clock.advance(by: Int64(random.below(1_500)))
                return
            }
            guard mayJump, let next = found.map(\.at).min() else { return }
            clock.advance(to: next)
        }
    }

    /// Inside a step of another participant, others make some steps: the one is slow, or is stopped there.
    func interlude() {
        guard depth <= Self.deepest, random.chance(weather.interludesIn) else { return }
        for _ in 0..<(random.chance(12) ? 40 : 1 + random.below(4)) where judge.violation == nil { act() }
    }

    // MARK: Relays

    func start(_ relay: SimulatedRelay, in microseconds: Int64) throws {
        let owner = nextOwner
        nextOwner += 1
        let time = relay.time
        nonisolated(unsafe) let simulation = self
        var postgres = PostgresConfiguration(url: "", applicationName: "simulation")
        postgres.standIn = { (_) throws(PostgresError) -> any PostgresStandIn in
            try simulation.connect(owner, time)
        }
        var configuration = RelayConfiguration(postgres: postgres, name: "relay \(relay.number)")
        configuration.guarantee = guarantee
        configuration.retention = nil
        configuration.pollInterval = weather.isPooled ? .milliseconds(200) : nil
        if options.mutant == .notifyWithoutPoll { configuration.pollCeiling = .seconds(3_600) }
        let factory = ModelPublisherFactory(kafka, owner: owner) { simulation.interlude() }
        try relay.start(configuration, factory, owner: owner, at: clock.now + microseconds)
    }

    private func connect(_ owner: Int, _ time: SimulatedTime) throws(PostgresError) -> any PostgresStandIn {
        guard server.isUp else { throw PostgresError(.connection, "the server is away") }
        let session = server.makeSession(owner)
        session.onWait = { time.wait(until: $0) }
        session.onStatement = { [unowned self] session in
            // A thread that has begun to wait is not in the middle of anything.
            guard time.ahead == nil else { return .answered }
            interlude()
            return fate(of: session)
        }
        return session
    }
}
