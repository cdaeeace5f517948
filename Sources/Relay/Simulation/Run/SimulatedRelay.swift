import Logging
import Outbox
import Postgres

/// One relay of a simulation: a process that comes back when it was killed, and where its two threads are.
final class SimulatedRelay {
    /// Where the leading thread is, with the time of what comes next, in microseconds since 1970.
    enum Lead {
        case down(until: Int64)
        case trying(at: Int64)
        case leading(renewAt: Int64, sleepTryAt: Int64)
    }

    /// Where the working thread is.
    enum Work {
        case idle(until: Int64)
        case ready
        case waiting(SteppedRelay.Step, until: Int64)
    }

    let number: Int
    let time: SimulatedTime
    /// Tells the sessions and producers of this life from those of earlier ones.
    private(set) var owner = 0
    private(set) var process: SteppedRelay?
    var lead = Lead.down(until: 0)
    var work = Work.idle(until: 0)
    /// Stopped as by SIGSTOP until then.
    var stoppedUntil: Int64?
    /// Asked to end.
    var isEnding = false
    /// A thread is in the middle of a step.
    var isLeadBusy = false
    var isWorkBusy = false

    init(_ number: Int, _ clock: SimulatedClock) {
        self.number = number
        time = SimulatedTime(clock)
    }

    private static let quiet = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// A new process.
    func start(_ configuration: RelayConfiguration, _ factory: ModelPublisherFactory, owner: Int, at moment: Int64)
        throws
    {
        self.owner = owner
        process = try SteppedRelay(configuration, factory: factory, time: time, logger: Self.quiet)
        lead = .down(until: moment)
        work = .idle(until: moment)
        stoppedUntil = nil
        isEnding = false
    }

    /// The process is gone for good.
    func end() { process = nil }

    /// What it does, for people.
    var description: String {
        guard let process else { return "relay \(number) is gone" }
        let role = process.epoch.map { "leads in epoch \($0)" } ?? "stands by"
        return "relay \(number) \(role), \(stoppedUntil == nil ? "" : "stopped, ")working thread: "
            + (process.isWorking ? process.doing : "no session")
    }
}
