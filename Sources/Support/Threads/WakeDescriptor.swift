import Glibc

/// A file descriptor that becomes readable when another thread calls ``wake()``: it interrupts a thread that sits in
/// `poll`.
///
/// A pipe, because Swift's Glibc module does not import `eventfd`. Wake-ups coalesce: any number of them before one
/// ``drain()`` count as one. All functions may be called from any thread.
public final class WakeDescriptor: Sendable {
    /// The end to be polled. It is readable from a ``wake()`` until the next ``drain()``.
    public let fileDescriptor: Int32
    /// The end to be written, for a C library that signals by writing a byte to a descriptor.
    public let writeDescriptor: Int32

    /// - Throws: ``WakeDescriptorError`` when the process has no descriptors left.
    public init() throws(WakeDescriptorError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw WakeDescriptorError(errno: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        self.fileDescriptor = ends[0]
        self.writeDescriptor = ends[1]
    }

    deinit {
        close(fileDescriptor)
        close(writeDescriptor)
    }

    /// Makes the descriptor readable. Never blocks.
    public func wake() {
        var byte: UInt8 = 1
        // A full pipe refuses the byte, and then the descriptor is readable already.
        _ = write(writeDescriptor, &byte, 1)
    }

    /// Makes the descriptor unreadable until the next ``wake()``. Never blocks.
    ///
    /// - Returns: whether there was a wake-up to take.
    @discardableResult
    public func drain() -> Bool {
        var buffer: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var found = false
        while withUnsafeMutableBytes(of: &buffer, { read(fileDescriptor, $0.baseAddress, $0.count) }) > 0 {
            found = true
        }
        return found
    }

    /// Blocks the calling thread until another one calls ``wake()`` or the deadline passes, and takes the wake-up.
    /// A signal does not end the wait.
    ///
    /// - Parameter deadline: nil waits without end.
    /// - Returns: whether there was a wake-up.
    @discardableResult
    public func wait(until deadline: ContinuousClock.Instant?) -> Bool {
        waitWithoutTaking(until: deadline)
        return drain()
    }

    /// The same, but the wake-up stays: every later wait returns at once, too.
    public func waitWithoutTaking(until deadline: ContinuousClock.Instant?) {
        var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        _ = PollLoop.wait(&descriptor, until: deadline)
    }
}

/// `pipe` failed: the process or the system has no descriptors left.
public struct WakeDescriptorError: Error, CustomStringConvertible {
    /// The reason, as the kernel gives it: `EMFILE` for the process, `ENFILE` for the system.
    public let errno: Int32

    /// One line that names the remedy.
    public var description: String {
        SystemError("cannot create a pipe", errno: errno).description
            + "; raise the limit on open files (ulimit -n, LimitNOFILE= of the unit)"
    }
}
