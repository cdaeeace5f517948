package import Logging
import Postgres

/// A relay that somebody else advances, step by step, for simulations: the code of its leading and its working thread,
/// without the threads. A step that would wait returns at once; its time says until when it waits.
package final class SteppedRelay {
    /// What the working thread does after a step.
    package enum Step: Sendable {
        /// It goes on.
        case working
        /// It waits, and goes on early when the publisher reports.
        case waitingForReports
        /// It waits, and goes on early when a writer notifies or the sleep lock is granted.
        case waitingForNews
        /// It waits the whole time.
        case waiting
        /// It has ended, because it was asked to.
        case stopped
    }

    private let configuration: RelayConfiguration
    private let factory: any PublisherFactory
    private let signals: RelaySignals
    private let status = RelayStatus(observer: nil)
    private let logger: Logger
    private let loop: LeadLoop
    private var lead: LeadConnection?
    /// The backend of the last leading connection.
    private var former: PostgresBackend?
    private var session: RelaySession?
    /// What the working thread does next, or has done.
    private var action: RelayAction?
    /// The answer to `action`, from which the next one follows.
    private var event: RelayEvent?

    /// - Throws: when the process has no file descriptors left.
    package init(
        _ configuration: RelayConfiguration, factory: any PublisherFactory, time: any RelayTime, logger: Logger
    ) throws {
        self.configuration = configuration
        self.factory = factory
        self.logger = logger
        signals = try RelaySignals(time: time)
        loop = LeadLoop(
            configuration: configuration, factory: factory, signals: signals, status: status, logger: logger)
    }

    /// The epoch in which this relay leads, as it thinks; nil on standby.
    package var epoch: Int64? {
        guard case .leading(let epoch, _) = signals.lead else { return nil }
        return epoch
    }

    /// Whether its lease has not ended, as it thinks.
    package var hasLease: Bool { epoch.map { signals.isLeading($0) } ?? false }

    /// Whether the working thread has a session.
    package var isWorking: Bool { session != nil }

    /// What the working thread has done last, for people.
    package var doing: String { action.map { "\($0)" } ?? "nothing yet" }

    /// Asks the working thread to end as SIGTERM does.
    package func stop() { signals.stop() }

    // MARK: The leading thread

    /// Connects.
    package func connectLead() throws {
        let made = try LeadConnection(configuration, factory: factory)
        try signals.note(made.server)
        try former?.end(made.connection)
        former = made.backend
        lead = made
    }

    /// Tries to lead once. Must be connected.
    package func tryToLead() throws -> Bool {
        guard let lead, try lead.tryToLead() else { return false }
        signals.lead = .leading(epoch: lead.epoch, until: signals.time.now + configuration.lease)
        return true
    }

    /// Renews the lease; due every third of it.
    package func renewLease() throws {
        if let lead { _ = try loop.renew(lead) }
    }

    /// Whether the sleep lock is to be requested or released.
    package var wantsOtherSleepLock: Bool { signals.wantsSleepLock != signals.holdsSleepLock }

    /// Whether it sleeps, so that writers notify.
    package var holdsSleepLock: Bool { signals.holdsSleepLock }

    /// Requests or releases the sleep lock.
    package func changeSleepLock() throws {
        if let lead { try loop.changeSleepLock(lead) }
    }

    /// Does what follows when leading has failed.
    package func loseLead() {
        lead = nil
        signals.holdsSleepLock = false
        signals.lead = .standby
        signals.settled = nil
    }

    /// Gives leadership up after ``stop()``.
    package func resign() {
        lead?.resign()
        loseLead()
    }

    // MARK: The working thread

    /// Opens a session for the epoch that leads.
    package func openSession() throws {
        guard let epoch else { return }
        let opened = try RelaySession(
            configuration, signals: signals, epoch: epoch, factory: factory, status: status, logger: logger)
        action = nil
        event = nil
        session = opened
    }

    /// Takes in what the last step has led to, and makes the next.
    package func step() throws -> Step {
        guard let session else { return .waiting }
        let next = try event.map { try session.next(after: $0) } ?? session.begin()
        action = next
        event = nil
        guard next != .stop else {
            closeSession()
            return .stopped
        }
        event = try session.step(next)
        switch next {
        case .wait: return .waitingForReports
        case .listen: return .waitingForNews
        case .abandon, .space: return .waiting
        case .advance, .fetch, .offer, .save, .commit, .recover, .release, .stop: return .working
        }
    }

    /// Does what follows when the session has ended.
    package func closeSession() {
        session?.close()
        session = nil
        signals.wantsSleepLock = false
    }
}
