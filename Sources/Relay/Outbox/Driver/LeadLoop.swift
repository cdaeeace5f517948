import Logging
import Postgres
import Threads

/// The leading thread: stands by, leads, renews the lease, and holds or releases the sleep lock as the working thread
/// wishes.
struct LeadLoop: Sendable {
    let configuration: RelayConfiguration
    let signals: RelaySignals
    let status: RelayStatus
    let logger: Logger

    func run() {
        let backoff = Backoff()
        while !signals.isStopping {
            status.leadBeats()
            do {
                try standByAndLead(backoff)
            } catch let error as OutboxError where error.isFinal {
                signals.fail(error)
            } catch {
                if backoff.failures == 0 { logger.warning("not leading", metadata: ["why": "\(error)"]) }
                backoff.failed()
                status.troubled("\(error)")
            }
            signals.holdsSleepLock = false
            signals.lead = .standby
            guard !signals.isStopping else { return }
            signals.leadWake.wait(until: .now + backoff.pause)
        }
    }

    private func standByAndLead(_ backoff: Backoff) throws {
        let configuration = try lookForPooler()
        let lead = try LeadConnection(configuration)
        backoff.succeeded()
        var tries = 0
        var leader: String?
        while try !lead.tryToLead() {
            status.leadBeats()
            if tries % OutboxLimits.triesPerLookAtLeader == 0 { leader = try lead.whoLeads() }
            if tries == 0 {
                logger.info("standing by: another relay leads", metadata: ["leader": "\(leader ?? "unknown")"])
            }
            tries += 1
            status.standsBy(behind: leader)
            signals.leadWake.wait(until: .now + .milliseconds(OutboxLimits.standbyTryMilliseconds))
            guard !signals.isStopping else { return }
        }
        logger.info("leading", metadata: ["epoch": "\(lead.epoch)"])
        try renewUntilFinished(lead)
        lead.resign()
    }

    /// What was configured, or, behind a transaction pooler nobody told of, what works there. Looked at before every
    /// connect: an address can lead elsewhere tomorrow.
    private func lookForPooler() throws -> RelayConfiguration {
        let isFound = try !configuration.usesPooler && PoolerProbe.findsTransactionPooler(configuration)
        if isFound && !signals.isPooled {
            logger.warning(
                "a transaction pooler is in between: LISTEN does not work; polling, and leading by lease alone",
                metadata: ["advice": "set RELAY_POOLER=true, or connect to Postgres itself to be woken at once"])
        }
        signals.isPooled = isFound
        status.polls(isFound || configuration.usesPooler)
        return isFound ? configuration.pooled : configuration
    }

    private func renewUntilFinished(_ lead: LeadConnection) throws {
        var renewAt = ContinuousClock.now
        signals.lead = .leading(epoch: lead.epoch, until: .now + configuration.lease)
        while !signals.isFinished {
            status.leadBeats()
            if ContinuousClock.now >= renewAt {
                renewAt = try renew(lead)
                try lookForBlocker(lead)
            }
            try cancelOverdue(lead)
            if signals.wantsSleepLock != signals.holdsSleepLock {
                try changeSleepLock(lead)
            } else {
                _ = try lead.connection.waitForActivity(until: nextLook(renewAt), or: signals.leadWake)
                _ = try lead.connection.notifications()
            }
        }
    }

    private func nextLook(_ renewAt: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        let next = min(renewAt, now + .seconds(OutboxLimits.signOfLifeSeconds))
        guard let deadline = signals.stopDeadline, !status.now.isPolling else { return next }
        return min(next, max(deadline, now + .milliseconds(OutboxLimits.cancelMilliseconds)))
    }

    /// Asked to stop, the working thread gets its time. A statement that somebody's lock holds up, or that takes long,
    /// is then cancelled. Behind a pooler it cannot be told whose statement that would be.
    private func cancelOverdue(_ lead: LeadConnection) throws {
        guard let deadline = signals.stopDeadline, ContinuousClock.now >= deadline, !status.now.isPolling,
            let work = signals.work
        else {
            return
        }
        try lead.cancel(work.backend)
    }

    /// A working thread that hangs must not be covered by a lease that is renewed for it.
    private func renew(_ lead: LeadConnection) throws -> ContinuousClock.Instant {
        let asked = ContinuousClock.now
        if asked - signals.heartbeat < .seconds(OutboxLimits.hangSeconds) {
            try lead.renewLease()
            signals.extendLease(lead.epoch, until: asked + configuration.lease)
        }
        return asked + configuration.lease / 3
    }

    /// The working thread cannot say what it waits for, so this one asks for it. Costs nothing while all is well.
    private func lookForBlocker(_ lead: LeadConnection) throws {
        guard let work = signals.work,
            ContinuousClock.now - work.since > .milliseconds(OutboxLimits.blockedMilliseconds),
            !status.now.isPolling
        else { return status.blocked(by: nil) }
        status.blocked(by: try lead.whoBlocks(work.backend))
    }

    private func changeSleepLock(_ lead: LeadConnection) throws {
        if signals.holdsSleepLock {
            try lead.releaseSleepLock()
            signals.holdsSleepLock = false
        } else if try lead.requestSleepLock() {
            signals.holdsSleepLock = true
        }
    }
}
