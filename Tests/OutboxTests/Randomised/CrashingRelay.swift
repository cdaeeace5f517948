import Postgres
import TestKit
import Threads

@testable import Outbox

/// A relay that crashes at random steps and comes back, on the caller's thread: the real session, checkpoint and
/// reader, without the thread that renews the lease.
///
/// With zombies, a life that is over may only have been stopped: another relay leads for a while, and then the old one
/// goes on as if nothing had happened. `@unchecked`: one thread uses it.
final class CrashingRelay: @unchecked Sendable {
    struct Crash: Error {}

    let outbox: TestOutbox
    private(set) var crashes = 0
    /// Relays that went on after they were replaced, and found out.
    private(set) var zombies = 0
    private let hasZombies: Bool
    private var random: SplitMix
    /// Relays that are stopped while another one lives.
    private var stopped = 0

    /// How many relays are stopped at most while another one lives.
    private static let deepest = 2
    /// Keys of which Kafka takes no row in some lives: refused at once, and refused with their neighbours.
    private static let tooLarge = OutboxKey(aggregateType: "order", aggregateID: "a3")
    private static let poison = OutboxKey(aggregateType: "order", aggregateID: "a5")

    init(_ outbox: TestOutbox, seed: UInt64, hasZombies: Bool = false) {
        self.outbox = outbox
        self.hasZombies = hasZombies
        random = SplitMix(seed)
    }

    /// Lives until it dies, or until the outbox is drained if `isLastLife` was true from the beginning.
    /// Returns whether it was drained.
    func live(isLastLife: () -> Bool) throws -> Bool {
        let isLast = isLastLife()
        let signals = try RelaySignals()
        let lead = try takeLead()
        signals.lead = .leading(epoch: lead.epoch, until: .now + .seconds(3600))
        let session = try RelaySession(
            outbox.configuration, signals: signals, epoch: lead.epoch,
            factory: MemoryPublisherFactory(topic: outbox.topic, behaviour: try behaviour(isLast)),
            status: RelayStatus(observer: nil), logger: TestOutbox.quiet)
        // Short lives first, while the writers wait for crashes.
        let short = outbox.guarantee == .exactlyOnce ? 24 : 8
        var stepsLeft = Int.random(
            in: 1...(isLast || crashes >= CrashTests.crashesAtLeast ? 40 : short), using: &random)
        var hasEnded = false
        session.fault = { [unowned self] action, isDone in
            stepsLeft -= 1
            // In the last life it is done when a cut found nothing; a drained cut is left unfinished for a while.
            if case .listen(let longest) = action, !isDone, longest != SleepMachine.longestUnfinished, isLast {
                hasEnded = true
                throw Crash()
            }
            guard stepsLeft <= 0, !isLast else { return }
            guard hasZombies, chance(3), stopped < Self.deepest else { throw Crash() }
            try letAnotherLive()
        }
        do {
            try session.run()
        } catch is Crash {
            crashes += hasEnded ? 0 : 1
        } catch let error as OutboxError where outbox.guarantee == .exactlyOnce && !error.isFinal {
            zombies += error.code == .fenced ? 1 : 0
            crashes += 1
        }
        return hasEnded
    }

    private func takeLead() throws -> LeadConnection {
        let lead = try LeadConnection(outbox.configuration)
        // The lease of the last one, dead or stopped, would be waited for.
        if outbox.configuration.usesPooler { try lead.connection.execute("SELECT setval('outbox_relay.lease', 0)") }
        // The backend of the last life may not have noticed yet that its client is gone.
        while try !lead.tryToLead() { try lead.connection.execute("SELECT pg_sleep(0.002)") }
        return lead
    }

    private func behaviour(_ isLastLife: Bool) throws -> MemoryPublisher.Behaviour {
        var behaviour = outbox.behaviour
        behaviour.seed = random.next()
        guard outbox.guarantee == .exactlyOnce else { return behaviour }
        if isLastLife || chance(3) { try releaseAll() }
        if isLastLife { return behaviour }
        if chance(3) { behaviour.tooLarge = [Self.tooLarge] }
        if chance(3) { behaviour.poison = [Self.poison] }
        if hasZombies {
            behaviour.pause = { [unowned self] _ in if chance(12), stopped < Self.deepest { try? letAnotherLive() } }
        }
        return behaviour
    }

    private func releaseAll() throws {
        let desk = ParkedDesk(try outbox.connect())
        for parked in try desk.parked() { _ = try desk.release(parked.key, reason: "test") }
    }

    private func letAnotherLive() throws {
        stopped += 1
        defer { stopped -= 1 }
        _ = try live { false }
    }

    private func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
}
