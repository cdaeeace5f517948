import Postgres
import Sabotage
import Threads

/// How the working thread waits: for notifications, for reports, or for a certain time.
///
/// Each wait first takes in what the server sends. A server that cannot send its answer keeps its snapshot, and a
/// server that cannot send notifications keeps all of them.
final class SessionWaits {
    /// The work connection; nil where LISTEN does not work. A separate connection would need a second wait.
    private let listener: PostgresConnection?
    private let reader: CutReader
    private let signals: RelaySignals
    private let status: RelayStatus
    private var time: any RelayTime { signals.time }
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

    /// Shows a name of the session in `pg_stat_activity`; nil for its usual one. Does nothing behind a pooler.
    func showPause(_ name: String?) throws {
        reader.settle()
        guard let listener else { return }
        let value = name.map { PostgresConnection.quoteLiteral($0) } ?? "DEFAULT"
        try listener.execute("SET application_name = \(value)")
    }

    /// The session is alive.
    func recordHeartbeat() {
        signals.heartbeat = time.now
        status.recordHeartbeat()
    }

    /// A cut begins: it will see the rows of all notifications that have come until now.
    func beginCut() throws {
        try takeNotifications()
        hasNews = false
    }

    private func takeNotifications() throws {
        if try listener?.notifications().isEmpty == false { hasNews = true }
    }

    /// Waits until the publisher reports, or another signal comes.
    func forReports(_ longest: Duration) throws {
        reader.settle()
        try takeNotifications()
        status.observer?.wokeUp(by: time.wait(for: signals.workWake, until: time.now + longest) ? .signal : .timer)
    }

    /// Waits until a writer notifies, or a signal comes. Returns at once if a writer notified since the last cut began.
    func forNews(_ longest: Duration) throws {
        reader.settle()
        try takeNotifications()
        hadNews = hasNews
        if Mutant.transactionLeftOpen.isOn { try listener?.execute("BEGIN; SELECT pg_current_xact_id()") }
        defer { if Mutant.transactionLeftOpen.isOn { try? listener?.execute("COMMIT") } }
        let activity = try hasNews ? .received : forActivity(until: time.now + longest)
        switch activity {
        case .received: status.observer?.wokeUp(by: .notification)
        case .woken: status.observer?.wokeUp(by: .signal)
        case .timedOut: status.observer?.wokeUp(by: .timer)
        }
    }

    /// A long wait gives signs of life, and asks the listening connection for one: nothing else notices that it is
    /// dead. The poll at the end of a wait would notice it as well, but a cut may take long and is waited for longer.
    private func forActivity(until deadline: ContinuousClock.Instant) throws -> PostgresActivity {
        guard let listener else { return forSignal(until: deadline) }
        let heartbeat = Duration.milliseconds(OutboxLimits.listenHeartbeatMilliseconds)
        // A cut was answered just now.
        var lastAnswer = time.now
        while true {
            recordHeartbeat()
            let activity = try listener.waitForActivity(
                until: min(deadline, lastAnswer + heartbeat), or: signals.workWake)
            guard activity == .timedOut else { return activity }
            let isOver = deadline <= time.now
            if isOver && time.now - lastAnswer < heartbeat / 2 { return .timedOut }
            try listener.within(.milliseconds(OutboxLimits.listenAnswerMilliseconds)) { () throws(PostgresError) in
                _ = try listener.query(Self.heartbeat)
            }
            lastAnswer = time.now
            // libpq takes a notification in passing, and the socket then stays silent.
            try takeNotifications()
            if hasNews { return .received }
            if isOver { return .timedOut }
        }
    }

    private func forSignal(until deadline: ContinuousClock.Instant) -> PostgresActivity {
        while true {
            recordHeartbeat()
            let soonest = min(deadline, time.now + .seconds(OutboxLimits.signOfLifeSeconds))
            if time.wait(for: signals.workWake, until: soonest) { return .woken }
            if deadline <= time.now { return .timedOut }
        }
    }

    private static let heartbeat: PostgresStatement = "SELECT 1"

    /// Waits the whole time, unless asked to stop. Other signals are taken.
    func untilStopped(_ deadline: ContinuousClock.Instant) {
        reader.settle()
        while time.now < deadline, !signals.isStopping { time.wait(for: signals.workWake, until: deadline) }
    }
}
