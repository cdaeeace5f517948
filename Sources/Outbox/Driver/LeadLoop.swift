internal import Logging
internal import Postgres
internal import Threads

/// The leading thread: stands by, leads, renews the lease, and holds or releases the sleep lock as the working thread wishes.
struct LeadLoop: Sendable {
    let configuration: RelayConfiguration
    let signals: RelaySignals
    let status: RelayStatus
    let logger: Logger

    func run() {
        let backoff = Backoff()
        while !signals.isStopping {
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
        let lead = try LeadConnection(configuration)
        backoff.succeeded()
        var isAnnounced = false
        while try !lead.tryToLead() {
            if !isAnnounced { logger.info("standing by: another relay leads") }
            isAnnounced = true
            status.standsBy()
            signals.leadWake.wait(until: .now + .milliseconds(OutboxLimits.standbyTryMilliseconds))
            guard !signals.isStopping else { return }
        }
        logger.info("leading", metadata: ["epoch": "\(lead.epoch)"])
        try renewUntilFinished(lead)
        lead.resign()
    }

    private func renewUntilFinished(_ lead: LeadConnection) throws {
        var renewAt = ContinuousClock.now
        signals.lead = .leading(epoch: lead.epoch, until: .now + configuration.lease)
        while !signals.isFinished {
            if ContinuousClock.now >= renewAt { renewAt = try renew(lead) }
            if signals.wantsSleepLock != signals.holdsSleepLock {
                try changeSleepLock(lead)
            } else {
                _ = try lead.connection.waitForActivity(until: renewAt, or: signals.leadWake)
                _ = try lead.connection.notifications()
            }
        }
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

    private func changeSleepLock(_ lead: LeadConnection) throws {
        if signals.holdsSleepLock {
            try lead.releaseSleepLock()
            signals.holdsSleepLock = false
        } else if try lead.requestSleepLock() {
            signals.holdsSleepLock = true
        }
    }
}
