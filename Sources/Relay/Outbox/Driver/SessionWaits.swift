import Postgres
import Threads

/// How the working thread waits: for notifications, for reports, or for a while. Each wait takes in first what the
/// server has to say: one that cannot get rid of an answer keeps its snapshot, and one that cannot get rid of
/// notifications keeps all of them.
final class SessionWaits {
    /// The work connection, nil where LISTEN does not work: a session of its own would have to be woken besides.
    private let listener: PostgresConnection?
    private let reader: CutReader
    private let signals: RelaySignals
    private let status: RelayStatus
    /// A notification came since the last cut was begun.
    private var hasNews = false
    /// A notification had come before the last wait for one began.
    private(set) var hadNews = false

    init(_ listener: PostgresConnection?, reader: CutReader, signals: RelaySignals, status: RelayStatus) {
        self.listener = listener
        self.reader = reader
        self.signals = signals
        self.status = status
    }

    /// The session is alive.
    func beat() {
        signals.heartbeat = .now
        status.beats()
    }

    /// What has come until now is about rows that the next cut will see.
    func beginCut() throws {
        try takeNotifications()
        hasNews = false
    }

    func takeNotifications() throws {
        if try listener?.notifications().isEmpty == false { hasNews = true }
    }

    /// Until the publisher reports something.
    func forReports(_ longest: Duration) throws {
        reader.settle()
        try takeNotifications()
        status.observer?.wokeUp(by: signals.workWake.wait(until: .now + longest) ? .signal : .timer)
    }

    /// Until a writer notifies, or something else wants the working thread.
    func forNews(_ longest: Duration) throws {
        reader.settle()
        try takeNotifications()
        hadNews = hasNews
        let activity = try hasNews ? .received : forActivity(until: .now + longest)
        switch activity {
        case .received: status.observer?.wokeUp(by: .notification)
        case .woken: status.observer?.wokeUp(by: .signal)
        case .timedOut: status.observer?.wokeUp(by: .timer)
        }
    }

    /// A long wait is no hang.
    private func forActivity(until deadline: ContinuousClock.Instant) throws -> PostgresActivity {
        var activity = PostgresActivity.timedOut
        repeat {
            beat()
            let soonest = min(deadline, .now + .seconds(OutboxLimits.signOfLifeSeconds))
            if let listener {
                activity = try listener.waitForActivity(until: soonest, or: signals.workWake)
            } else {
                activity = signals.workWake.wait(until: soonest) ? .woken : .timedOut
            }
        } while activity == .timedOut && ContinuousClock.now < deadline
        return activity
    }

    /// The whole time, unless asked to stop.
    func until(_ deadline: ContinuousClock.Instant) {
        reader.settle()
        while ContinuousClock.now < deadline, !signals.isStopping { signals.workWake.wait(until: deadline) }
    }
}
