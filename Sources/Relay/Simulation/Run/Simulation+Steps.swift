import Outbox

/// Who can do something, when, and what it does.
extension Simulation {
    enum Participant {
        case lead(SimulatedRelay)
        case work(SimulatedRelay)
        case writer(Int)
        case producer(ModelProducer)
        case stray
        case server, kafka
        case forgotten(Int)
        case diskWriter
        case operators
    }

    /// Everybody who is not in the middle of a step, with the time from which it can do something.
    var participants: [(who: Participant, at: Int64)] {
        let now = clock.now
        var found: [(who: Participant, at: Int64)] = []
        for relay in relays where relay.process != nil {
            if let stopped = relay.stoppedUntil, stopped > now {
                found.append((.lead(relay), stopped))
                continue
            }
            if !relay.isLeadBusy { found.append((.lead(relay), leadAt(relay))) }
            if !relay.isWorkBusy { found.append((.work(relay), workAt(relay))) }
        }
        for producer in kafka.producers where producer.isActive && !isStopped(producer.owner) {
            // Brokers that are away answer when the producer's patience ends.
            found.append((.producer(producer), kafka.isUp ? now : (kafkaUpAt ?? now) - Int64(random.below(3_000_000))))
        }
        for index in writers.writers.indices where writers.isActive(index) && server.isUp {
            found.append((.writer(index), writers.writers[index].nextAt))
        }
        if !kafka.strays.isEmpty { found.append((.stray, kafka.isUp ? now : kafkaUpAt ?? now)) }
        if let serverUpAt { found.append((.server, serverUpAt)) }
        if let kafkaUpAt { found.append((.kafka, kafkaUpAt)) }
        for (index, entry) in forgotten.enumerated() { found.append((.forgotten(index), entry.at)) }
        if !server.isFlushed { found.append((.diskWriter, nextFlushAt)) }
        if !server.tables.parked.isEmpty { found.append((.operators, nextOperatorAt)) }
        return found
    }

    private func isStopped(_ owner: Int) -> Bool {
        relays.contains { $0.owner == owner && ($0.stoppedUntil ?? 0) > clock.now }
    }

    private func leadAt(_ relay: SimulatedRelay) -> Int64 {
        switch relay.lead {
        case .down(let until): return until
        case .trying(let at): return at
        case .leading(let renewAt, let sleepTryAt):
            return relay.process?.wantsOtherSleepLock == true ? min(renewAt, sleepTryAt) : renewAt
        }
    }

    private func workAt(_ relay: SimulatedRelay) -> Int64 {
        switch relay.work {
        case .idle(let until): return relay.process?.epoch == nil ? until + 1_000_000 : until
        case .ready: return clock.now
        case .waiting(let kind, let until):
            let hasReports = kafka.producers.contains { $0.owner == relay.owner && $0.hasReports }
            let hasNews = server.sessions.contains { $0.owner == relay.owner && $0.hasNews }
            let isEarly =
                switch kind {
                case .waitingForReports: hasReports
                case .waitingForNews: hasNews || relay.process?.epoch == nil
                default: relay.isEnding
                }
            return isEarly || relay.isEnding ? clock.now : until
        }
    }

    func perform(_ participant: Participant) {
        switch participant {
        case .lead(let relay): stepLead(relay)
        case .work(let relay): stepWork(relay)
        case .writer(let index):
            let done = writers.step(index, server, &random, now: clock.now)
            trace("writer \(index) \(done)")
        case .producer(let producer):
            producer.work()
            trace("brokers work for relay process \(producer.owner): \(producer.queued) wait")
        case .stray:
            kafka.settleStray()
            trace("messages of a producer that is gone arrive, or not")
        case .server:
            server.start()
            serverUpAt = nil
            trace("Postgres is there again")
        case .kafka:
            kafka.isUp = true
            kafkaUpAt = nil
            trace("Kafka is there again")
        case .forgotten(let index):
            guard index < forgotten.count else { return }
            server.end(forgotten.remove(at: index).session)
        case .diskWriter:
            server.flush()
            nextFlushAt = clock.now + Int64(random.below(400_000))
        case .operators: release()
        }
    }

    /// An operator asks for the release of all parked keys.
    private func release() {
        nextOperatorAt = clock.now + (isHealed ? 1_000_000 : 30_000_000)
        guard server.isUp, isHealed || random.chance(2) else { return }
        trace("an operator releases \(server.tables.parked.count) keys")
        let now = clock.now
        server.change(waitsForDisk: true) { tables in
            for index in tables.parked.indices { tables.parked[index].releaseAskedAt = now }
        }
    }

    // MARK: The leading thread

    private func stepLead(_ relay: SimulatedRelay) {
        guard let process = relay.process else { return }
        let owner = relay.owner
        relay.isLeadBusy = true
        defer { relay.isLeadBusy = false }
        do {
            switch relay.lead {
            case .down:
                try process.connectLead()
                if relay.owner == owner { relay.lead = .trying(at: clock.now) }
            case .trying:
                let leads = try process.tryToLead()
                guard relay.owner == owner else { return }
                trace("relay \(relay.number) " + (leads ? "leads in epoch \(process.epoch ?? 0)" : "stands by"))
                relay.lead =
                    leads ? .leading(renewAt: clock.now, sleepTryAt: 0) : .trying(at: clock.now + 1_000_000)
            case .leading(let renewAt, let sleepTryAt):
                try stepLeading(relay, process, owner, renewAt: renewAt, sleepTryAt: sleepTryAt)
            }
        } catch {
            guard relay.owner == owner else { return }
            failed(relay, error)
            process.loseLead()
            relay.lead = .down(until: clock.now + 50_000 + Int64(random.below(1_000_000)))
        }
    }

    private func stepLeading(
        _ relay: SimulatedRelay, _ process: SteppedRelay, _ owner: Int, renewAt: Int64, sleepTryAt: Int64
    ) throws {
        if renewAt <= clock.now {
            let asked = clock.now
            try process.renewLease()
            guard relay.owner == owner else { return }
            relay.lead = .leading(renewAt: asked + Self.lease / 3, sleepTryAt: sleepTryAt)
            return
        }
        let slept = process.holdsSleepLock
        try process.changeSleepLock()
        guard relay.owner == owner else { return }
        relay.lead = .leading(renewAt: renewAt, sleepTryAt: clock.now + 250_000)
        if slept != process.holdsSleepLock, case .waiting(.waitingForNews, _) = relay.work { relay.work = .ready }
    }

    /// The lease of every relay, in microseconds.
    static let lease: Int64 = 15_000_000

    // MARK: The working thread

    private func stepWork(_ relay: SimulatedRelay) {
        guard let process = relay.process else { return }
        let owner = relay.owner
        relay.isWorkBusy = true
        defer { relay.isWorkBusy = false }
        do {
            guard process.isWorking else {
                if relay.isEnding { return restart(relay) }
                guard process.epoch != nil else { return relay.work = .idle(until: clock.now) }
                try process.openSession()
                if relay.owner == owner { relay.work = .ready }
                return
            }
            let step = try process.step()
            let until = relay.time.takeWait()
            guard relay.owner == owner else { return }
            trace("relay \(relay.number): \(process.doing)")
            judge.check(relay, now: clock.now, lease: Self.lease)
            switch step {
            case .working: relay.work = .ready
            case .stopped: restart(relay)
            default: relay.work = .waiting(step, until: until ?? clock.now)
            }
        } catch {
            _ = relay.time.takeWait()
            guard relay.owner == owner else { return }
            failed(relay, error)
            process.closeSession()
            judge.check(relay, now: clock.now, lease: Self.lease)
            relay.work = .idle(until: clock.now + 50_000 + Int64(random.below(1_000_000)))
        }
    }

    private func restart(_ relay: SimulatedRelay) {
        trace("relay \(relay.number) has ended, and is started again")
        relay.process?.resign()
        replace(relay)
    }
}
