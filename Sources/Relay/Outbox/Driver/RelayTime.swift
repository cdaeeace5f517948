package import Threads

/// The clock of a relay, and how its threads wait. Injected, so that a simulation has a time of its own.
package protocol RelayTime: Sendable {
    /// This moment.
    var now: ContinuousClock.Instant { get }

    /// Waits until the descriptor is woken or the deadline has come, and takes the wake-up. Returns whether there was
    /// one.
    @discardableResult
    func wait(for wake: WakeDescriptor, until deadline: ContinuousClock.Instant) -> Bool
}

/// The time of the machine: the calling thread blocks.
struct MachineTime: RelayTime {
    var now: ContinuousClock.Instant { .now }

    func wait(for wake: WakeDescriptor, until deadline: ContinuousClock.Instant) -> Bool { wake.wait(until: deadline) }
}
