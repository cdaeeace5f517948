import Synchronization
import Threads

/// A pause between two attempts that ends early when the store stops. Several threads may pause at the same time.
final class Pause: Sendable {
    private let descriptor: WakeDescriptor
    private let interrupted = Atomic<Bool>(false)

    /// - Throws: when the process has no file descriptor left.
    init() throws {
        descriptor = try WakeDescriptor()
    }

    /// Ends this pause and all later ones at once.
    func interrupt() {
        interrupted.store(true, ordering: .releasing)
        descriptor.wake()
    }

    var isInterrupted: Bool { interrupted.load(ordering: .acquiring) }

    /// Blocks the thread for `duration`, or until ``interrupt()``.
    func wait(_ duration: Duration) {
        descriptor.waitWithoutTaking(until: .now + duration)
    }
}
