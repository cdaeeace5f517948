import Synchronization
import Threads

/// A pause between two attempts that somebody who is stopping the store can cut short.
final class Pause: Sendable {
    private let descriptor: WakeDescriptor
    private let interrupted = Atomic<Bool>(false)

    init() throws(WakeDescriptorError) {
        descriptor = try WakeDescriptor()
    }

    /// Ends this pause and all later ones at once.
    func interrupt() {
        interrupted.store(true, ordering: .releasing)
        descriptor.wake()
    }

    var isInterrupted: Bool { interrupted.load(ordering: .acquiring) }

    /// Blocks the thread for `duration`, interrupted or not: for work that a stopping store still finishes.
    static func wait(_ duration: Duration) {
        PollLoop.pause(until: .now + duration)
    }

    /// Blocks the thread for `duration`, or less when interrupted.
    func wait(_ duration: Duration) {
        descriptor.waitWithoutTaking(until: .now + duration)
    }
}
