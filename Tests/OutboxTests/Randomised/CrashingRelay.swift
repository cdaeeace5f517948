import Postgres
import TestKit
import Threads

@testable import Outbox

/// A relay that dies at random steps and comes back, on the caller's thread: the real session, checkpoint and reader,
/// without the thread that renews the lease.
struct CrashingRelay {
    struct Crash: Error {}

    let outbox: TestOutbox
    private(set) var crashes = 0
    private var random: SplitMix

    init(_ outbox: TestOutbox, seed: UInt64) {
        self.outbox = outbox
        random = SplitMix(seed)
    }

    /// Lives until it dies, or until the outbox is drained after `isLastLife` turned true.
    /// Returns whether it was drained.
    mutating func live(isLastLife: @escaping () -> Bool) throws -> Bool {
        let signals = try RelaySignals()
        let lead = try LeadConnection(outbox.configuration)
        // The backend of the last life may not have noticed yet that its client is gone.
        while try !lead.tryToLead() { try lead.connection.execute("SELECT pg_sleep(0.002)") }
        signals.lead = .leading(epoch: lead.epoch, until: .now + .seconds(3600))
        var behaviour = outbox.behaviour
        behaviour.seed = random.next()
        let session = try RelaySession(
            outbox.configuration, signals: signals, epoch: lead.epoch,
            factory: MemoryPublisherFactory(topic: outbox.topic, behaviour: behaviour), status: RelayStatus(observer: nil),
            backoff: Backoff(), logger: TestOutbox.quiet)
        // Short lives first, while the writers wait for crashes.
        var stepsLeft = Int.random(in: 1...(isLastLife() || crashes >= CrashTests.crashesAtLeast ? 40 : 8), using: &random)
        var hasEnded = false
        session.fault = { action, isDone in
            stepsLeft -= 1
            // In the last life it is done when a cut found nothing; Drain.reportWait is the wait of a cut under way.
            if case .wait(let longest) = action, !isDone, longest != Drain.reportWait, isLastLife() {
                hasEnded = true
                throw Crash()
            }
            if stepsLeft <= 0, !isLastLife() { throw Crash() }
        }
        do {
            try session.run()
        } catch is Crash {
            crashes += hasEnded ? 0 : 1
        }
        return hasEnded
    }
}
