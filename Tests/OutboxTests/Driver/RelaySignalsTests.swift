import Synchronization
import Testing
import Threads

@testable import Outbox

/// What is left of the time for stopping: calls that block get no more.
struct RelaySignalsTests {
    @Test func aStoppingRelayGivesItsCallsTheTimeThatIsLeft() throws {
        let time = HandTime()
        let signals = try RelaySignals(time: time)
        let limit = Duration.seconds(4)
        #expect(signals.workLimit(limit) == limit && signals.lastLimit(limit) == limit)
        signals.stop()
        #expect(signals.workLimit(limit) == limit && signals.lastLimit(limit) == limit)
        time.pass(.milliseconds(OutboxLimits.settleMilliseconds - 1_000))
        #expect(signals.workLimit(limit) == .seconds(1))
        #expect(signals.lastLimit(limit) == limit)
        time.pass(.seconds(2))
        // Called once more at most: the machine sees that the time is over.
        #expect(signals.workLimit(limit) == .milliseconds(OutboxLimits.lastCallMilliseconds))
        #expect(
            signals.lastLimit(limit)
                == .milliseconds(OutboxLimits.stopMilliseconds - OutboxLimits.settleMilliseconds - 1_000))
        // Asking again does not begin the time anew.
        signals.stop()
        time.pass(.milliseconds(OutboxLimits.stopMilliseconds))
        #expect(signals.lastLimit(limit) < .zero)
    }
}

/// A clock that a test moves.
private final class HandTime: RelayTime {
    private let passed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    var now: ContinuousClock.Instant { start + passed.withLock { $0 } }

    func pass(_ time: Duration) { passed.withLock { $0 += time } }

    func wait(for wake: WakeDescriptor, until deadline: ContinuousClock.Instant) -> Bool { false }
}
