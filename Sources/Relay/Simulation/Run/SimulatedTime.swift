import Outbox
import Threads

/// The only clock of a simulation.
final class SimulatedClock {
    /// Microseconds since 1970.
    private(set) var now: Int64 = 1_700_000_000_000_000
    private let begin = ContinuousClock.now
    private let beginMicroseconds: Int64 = 1_700_000_000_000_000

    func advance(by microseconds: Int64) { now += microseconds }

    func advance(to microseconds: Int64) { now = max(now, microseconds) }

    /// How long the simulation has lasted, in microseconds of its own time.
    var elapsed: Int64 { now - beginMicroseconds }

    var instant: ContinuousClock.Instant { begin + .microseconds(elapsed) }

    func microseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        beginMicroseconds + Int64((instant - begin) / .microseconds(1))
    }
}

/// The time of one relay. A wait returns at once: the thread that called it is not to go on before ``takeWait()``.
///
/// `@unchecked`: a simulation runs on one thread.
final class SimulatedTime: RelayTime, @unchecked Sendable {
    private let clock: SimulatedClock
    /// Until when the thread waits that makes a step now.
    private(set) var ahead: ContinuousClock.Instant?

    init(_ clock: SimulatedClock) { self.clock = clock }

    var now: ContinuousClock.Instant { ahead ?? clock.instant }

    func wait(for wake: WakeDescriptor, until deadline: ContinuousClock.Instant) -> Bool {
        wait(until: deadline)
        return false
    }

    func wait(until deadline: ContinuousClock.Instant?) { ahead = max(now, deadline ?? now) }

    /// Until when the last step waits, in microseconds since 1970; nil if it does not wait.
    func takeWait() -> Int64? {
        defer { ahead = nil }
        return ahead.map { clock.microseconds($0) }
    }
}
