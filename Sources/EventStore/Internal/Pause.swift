internal import Glibc
internal import Threads

/// A pause between two attempts that somebody who is stopping the store can cut short.
final class Pause: Sendable {
    private let descriptor: WakeDescriptor

    init() throws(WakeDescriptorError) {
        descriptor = try WakeDescriptor()
    }

    /// Ends this pause and all later ones at once.
    func interrupt() {
        descriptor.wake()
    }

    /// Blocks the thread for `duration`, or less when interrupted.
    func wait(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        var polled = pollfd(fd: descriptor.fileDescriptor, events: Int16(POLLIN), revents: 0)
        // A signal only shortens the pause, which is harmless.
        _ = poll(&polled, 1, milliseconds)
    }
}
