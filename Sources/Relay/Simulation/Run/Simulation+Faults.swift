import Outbox
import Postgres

/// What goes wrong.
extension Simulation {
    /// Before each step, some faults happen.
    func happen() {
        weather.apply(to: kafka, isHealed: false)
        for fault in Fault.allCases where random.chance(weather.rate(fault)) { happen(fault) }
    }

    private func happen(_ fault: Fault) {
        switch fault {
        case .killedRelay: kill(anyRelay)
        case .stoppedRelay:
            let relay = anyRelay
            relay.stoppedUntil = clock.now + Int64(random.below(40_000_000))
            trace("relay \(relay.number) is stopped")
        case .endedRelay:
            let relay = anyRelay
            relay.process?.stop()
            relay.isEnding = true
            trace("relay \(relay.number) is asked to end")
        case .crashedPostgres: crashServer()
        case .kafkaAway:
            guard kafka.isUp else { return }
            kafka.isUp = false
            kafkaUpAt = clock.now + Int64(random.below(20_000_000))
            trace("Kafka is away")
        case .unknownOutcomes:
            guard random.chance(4) else { return }
            kafka.expireTransaction()
        case .poisonedKey: toggle(&kafka.poisoned, "poisoned")
        case .tooLargeRows: toggle(&kafka.tooLarge, "too large")
        case .closedTopic:
            kafka.closedTypes = kafka.closedTypes.isEmpty ? [random.chance(2) ? "a" : "b"] : []
            trace("topics that do not exist: \(kafka.closedTypes.sorted())")
        case .lostNotifications:
            for session in server.sessions where session.listens { session.losesNotifications = true }
        case .stall: clock.advance(by: Int64(random.below(8_000_000)))
        case .failedRequests, .lostConnection: return
        }
        report.faults[fault, default: 0] += 1
    }

    private var anyRelay: SimulatedRelay { relays[random.below(relays.count)] }

    private func toggle(_ keys: inout Set<Int>, _ what: String) {
        let key = random.below(Self.keys)
        if keys.remove(key) == nil { keys.insert(key) }
        trace("k\(key) is \(keys.contains(key) ? "" : "no more ")\(what)")
    }

    /// A statement may lose its connection, and its relay may be killed there.
    func fate(of session: ModelSession) -> ModelSession.Fate {
        guard !isHealed else { return .answered }
        if random.chance(weather.rate(.killedRelay) * 8), let relay = relays.first(where: { $0.owner == session.owner })
        {
            report.faults[.killedRelay, default: 0] += 1
            kill(relay)
            return .lostBefore
        }
        guard random.chance(weather.rate(.lostConnection)) else { return .answered }
        report.faults[.lostConnection, default: 0] += 1
        trace("a connection of relay process \(session.owner) is lost")
        // The server may notice it late.
        session.hidesEnd = random.chance(2)
        if session.hidesEnd { forgotten.append((session, clock.now + Int64(random.below(60_000_000)))) }
        return random.chance(2) ? .lostBefore : .lostAfter
    }

    private func kill(_ relay: SimulatedRelay) {
        trace("relay \(relay.number) is killed")
        let owner = relay.owner
        for session in server.sessions where session.owner == owner {
            // A machine that is gone closes nothing.
            session.hidesEnd = random.chance(3)
            if session.hidesEnd { forgotten.append((session, clock.now + Int64(random.below(60_000_000)))) }
            session.close()
        }
        kafka.kill(owner: owner)
        replace(relay)
    }

    /// A new process, a while later.
    func replace(_ relay: SimulatedRelay) {
        do {
            try start(relay, in: Int64(random.below(3_000_000)))
        } catch {
            judge.report(.relayEnded, "a relay cannot be started: \(error)")
        }
    }

    private func crashServer() {
        guard server.isUp else { return }
        trace("Postgres crashes")
        server.crash(&random)
        writers.crash(server)
        forgotten = []
        serverUpAt = clock.now + Int64(random.below(5_000_000))
    }

    /// A thread of a relay has met an error: most are what a fault leads to.
    func failed(_ relay: SimulatedRelay, _ error: any Error) {
        trace("relay \(relay.number): \(error)")
        if let error = error as? OutboxError, error.isFinal {
            judge.report(.relayEnded, "relay \(relay.number) gave up: \(error)")
        }
        if let error = error as? PostgresError, error.code == .usage || error.code == .decoding {
            judge.report(.relayEnded, "\(error)")
        }
    }
}
