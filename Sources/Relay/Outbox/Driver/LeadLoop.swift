import Logging
import Postgres
import Sabotage
import Threads

/// The leading thread: stands by, leads, renews the lease, and holds or releases the sleep lock as the working thread
/// asks.
struct LeadLoop: Sendable {
    let configuration: RelayConfiguration
    let factory: any PublisherFactory
    let signals: RelaySignals
    let status: RelayStatus
    let logger: Logger

    /// Returns when the relay was asked to stop and the working thread has ended.
    func run() {
        var backoff = Backoff.reconnecting
        let watch = RecordWatch(configuration, factory: factory, signals: signals, logger: logger)
        var former: PostgresBackend?
        while !signals.isStopping {
            status.recordLeadHeartbeat()
            do {
                try standByAndLead(watch, &backoff, &former)
            } catch let error as OutboxError where error.isFinal {
                signals.fail(error)
            } catch {
                if backoff.failures == 0 { logger.warning("not leading", metadata: ["why": "\(error)"]) }
                _ = backoff.failed()
                status.setTrouble("\(error)")
                hangUpSilentWork()
            }
            signals.holdsSleepLock = false
            signals.lead = .standby
            signals.settled = nil
            guard !signals.isStopping else { return }
            signals.leadWake.wait(until: .now + backoff.pause)
        }
    }

    /// - Parameter former: the backend of the last leading connection; it may hold the leader's lock without knowing
    ///   that its client has given up, and the lock would be free only when the lease is over.
    private func standByAndLead(_ watch: RecordWatch, _ backoff: inout Backoff, _ former: inout PostgresBackend?) throws
    {
        let configuration = try configurationForConnection()
        let lead = try LeadConnection(configuration, factory: factory)
        try signals.note(lead.server)
        status.watch(lead: lead.connection.silence)
        try former?.end(lead.connection)
        former = lead.backend
        var tries = 0
        var leader: String?
        while try !lead.tryToLead() {
            backoff.succeeded()
            status.recordLeadHeartbeat()
            if tries % OutboxLimits.triesPerLookAtLeader == 0 { leader = try lead.whoLeads() }
            if tries == 0 {
                logger.info("standing by: another relay leads", metadata: ["leader": "\(leader ?? "unknown")"])
            }
            tries += 1
            status.recordStandby(behind: leader)
            signals.leadWake.wait(until: .now + .milliseconds(OutboxLimits.standbyTryMilliseconds))
            guard !signals.isStopping else { return }
        }
        backoff.succeeded()
        try compare(lead, watch)
        logger.info("leading", metadata: ["epoch": "\(lead.epoch)"])
        report(lead.promotion)
        while let record = try renewUntilFinished(lead) { try decide(record, lead) }
        lead.resign()
    }

    /// Compares the checkpoint with Kafka's record of at-least-once delivery. What Kafka does not answer now is asked
    /// again while leading.
    private func compare(_ lead: LeadConnection, _ watch: RecordWatch) throws {
        guard configuration.guarantee == .atLeastOnce else { return }
        let question = RecordQuestion(
            epoch: lead.epoch, server: lead.server, known: try lead.knownCut(), after: signals.question)
        try lead.extendLease()
        switch try watch.ask(question) {
        case .open: signals.question = question
        case .settled: signals.question = nil
        case .isAhead(let record):
            // Kept in case Postgres fails meanwhile.
            signals.question = question
            try lead.decide(record)
            signals.question = nil
        }
    }

    /// Kafka's record turned out to be ahead: nothing is published before it is decided what that means.
    private func decide(_ record: AheadRecord, _ lead: LeadConnection) throws {
        logger.warning(
            "Kafka's record is ahead of the cut with which this relay began to lead; publishing stops",
            metadata: ["recorded": "\(record.recordedCut)", "known": "\(record.known)"])
        signals.lead = .standby
        signals.settled = nil
        try lead.beginAgain()
        signals.question = RecordQuestion(epoch: lead.epoch, server: lead.server, known: record.known, after: nil)
        try lead.decide(record)
        signals.question = nil
        logger.info("leading", metadata: ["epoch": "\(lead.epoch)"])
        report(lead.promotion)
    }

    private func report(_ promotion: Promotion.Outcome?) {
        guard let promotion else { return }
        if promotion.lostRows > 0 { status.observer?.databaseLost(rows: promotion.lostRows) }
        logger.log(
            level: promotion.isBehind ? .error : .notice,
            promotion.isBehind
                ? "the database was promoted or restored, and is behind Kafka; going on all the same"
                : "the database was promoted, or forgot cuts in a crash; going on",
            metadata: ["why": "\(promotion.reason)"])
    }

    /// The configuration as it is, or, if a transaction pooler is found, one that works behind it. Asked before every
    /// connect: an address can lead to another server tomorrow.
    private func configurationForConnection() throws -> RelayConfiguration {
        let isFound = try !configuration.usesPooler && PostgresPooler.isTransactionPooler(probed)
        if isFound && !signals.isPooled {
            logger.warning(
                "a transaction pooler is in between: LISTEN does not work; polling, and leading by lease alone",
                metadata: ["advice": "set RELAY_POOLER=true, or connect to Postgres itself to be woken at once"])
        }
        signals.isPooled = isFound
        status.setPolling(isFound || configuration.usesPooler)
        return isFound ? configuration.pooled : configuration
    }

    private var probed: PostgresConfiguration {
        var result = configuration.postgres
        result.readWriteOnly = true
        return result
    }

    /// Leads until the working thread has ended, or until Kafka's record shows that the database is behind it.
    private func renewUntilFinished(_ lead: LeadConnection) throws -> AheadRecord? {
        let asked = ContinuousClock.now
        // Known before the working thread may publish.
        note(pause: try lead.renewLease())
        var renewAt = asked + configuration.lease / 3
        var suspicion: ContinuousClock.Instant?
        signals.lead = .leading(epoch: lead.epoch, until: asked + configuration.lease)
        while !signals.isFinished {
            status.recordLeadHeartbeat()
            if let record = signals.takeContest(of: lead.epoch) { return record }
            if ContinuousClock.now >= renewAt {
                renewAt = try renew(lead)
                try reportBlocker(lead)
            }
            try cancelOverdue(lead)
            try judgeSilence(lead, &suspicion)
            if signals.wantsSleepLock != signals.holdsSleepLock {
                try changeSleepLock(lead)
            } else {
                let next = min(nextDuty(renewAt), nextLookAtSilence(isSuspected: suspicion != nil))
                _ = try lead.connection.waitForActivity(until: next, or: signals.leadWake)
                _ = try lead.connection.notifications()
            }
        }
        return nil
    }

    /// When there is something to do again, if no signal comes before.
    private func nextDuty(_ renewAt: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        let next = min(renewAt, now + .seconds(OutboxLimits.signOfLifeSeconds))
        guard let deadline = signals.stopDeadline, !status.now.isPolling else { return next }
        return min(next, max(deadline, now + .milliseconds(OutboxLimits.cancelMilliseconds)))
    }

    /// Asked to stop, the working thread has ``OutboxLimits/settleMilliseconds``. A statement that waits for a lock, or
    /// takes long, is then cancelled. Behind a pooler it is not known which backend has the statement.
    private func cancelOverdue(_ lead: LeadConnection) throws {
        guard let deadline = signals.stopDeadline, ContinuousClock.now >= deadline, !status.now.isPolling,
            let work = signals.work
        else {
            return
        }
        try lead.cancel(work.backend)
    }

    /// The lease is not renewed for a working thread that hangs. Returns when the next renewal is due.
    func renew(_ lead: LeadConnection) throws -> ContinuousClock.Instant {
        let asked = signals.time.now
        if asked - signals.heartbeat < .seconds(OutboxLimits.hangSeconds) {
            try FailPoint.relayBeforeRenewal.reached()
            note(pause: try lead.renewLease())
            signals.extendLease(lead.epoch, until: asked + configuration.lease)
        }
        return asked + configuration.lease / 3
    }

    private func note(pause: String?) {
        if pause != signals.pause {
            logger.notice(pause == nil ? "publishing again" : "paused", metadata: ["by": "\(pause ?? "an operator")"])
        }
        signals.pause = pause
        status.setPause(pause)
    }

    /// The working thread cannot say what its statement waits for, so the leading thread asks Postgres. Nothing is
    /// asked while statements are fast.
    private func reportBlocker(_ lead: LeadConnection) throws {
        guard let work = signals.work,
            ContinuousClock.now - work.since > .milliseconds(OutboxLimits.blockedMilliseconds),
            !status.now.isPolling
        else { return status.setBlocker(nil) }
        status.setBlocker(try lead.whoBlocks(work.backend))
    }

    // MARK: Connections that are open and dead

    /// A statement of the working thread without an answer is slow, or its connection is dead: this connection asks
    /// Postgres. A backend that is busy, or waits for a lock, is left alone. One that waits for its client, twice, has
    /// answered, or has never got the statement.
    ///
    /// - Parameter suspicion: since when the connection was silent when it was first found at fault; nil if it was not.
    private func judgeSilence(_ lead: LeadConnection, _ suspicion: inout ContinuousClock.Instant?) throws {
        guard !status.now.isPolling, let work = signals.workSession, let since = work.silence.since,
            .now - since > .milliseconds(OutboxLimits.silenceMilliseconds), try isSilent(work.backend, lead)
        else {
            suspicion = nil
            return
        }
        guard suspicion == since else {
            suspicion = since
            return
        }
        suspicion = nil
        logger.warning(
            "the connection to Postgres is open and dead; connecting again",
            metadata: ["connection": "work", "silent": "\(ContinuousClock.now - since)"])
        work.silence.hangUp(silentSince: since)
        try work.backend.end(lead.connection)
    }

    private func isSilent(_ backend: PostgresBackend, _ lead: LeadConnection) throws -> Bool {
        try lead.connection.within(.milliseconds(OutboxLimits.silenceAnswerMilliseconds)) {
            try backend.isSilent(lead.connection)
        }
    }

    private func nextLookAtSilence(isSuspected: Bool) -> ContinuousClock.Instant {
        let pause = isSuspected ? OutboxLimits.secondLookMilliseconds : OutboxLimits.silenceLookMilliseconds
        return .now + .milliseconds(pause)
    }

    /// The leading connection was lost: whatever took it may have taken the working thread's as well, and nothing can
    /// judge that now. The next leader ends its backend.
    private func hangUpSilentWork() {
        guard let silence = signals.workSession?.silence, let since = silence.since,
            .now - since > .milliseconds(OutboxLimits.silenceMilliseconds)
        else { return }
        silence.hangUp(silentSince: since)
    }

    func changeSleepLock(_ lead: LeadConnection) throws {
        if signals.holdsSleepLock {
            try lead.releaseSleepLock()
            signals.holdsSleepLock = false
        } else if try lead.requestSleepLock() {
            signals.holdsSleepLock = true
        }
    }
}
