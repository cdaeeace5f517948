import Glibc

/// A file descriptor that becomes readable when somebody calls ``wake()``: it interrupts a thread that sits in `poll`.
///
/// A pipe, because Swift's Glibc module does not import `eventfd`. Wake-ups coalesce: any number of them before one
/// ``drain()`` count as one.
public final class WakeDescriptor: Sendable {
    /// Becomes readable; to be polled.
    public let fileDescriptor: Int32
    /// The other end, for a C library that signals by writing a byte to a descriptor.
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

    public func wake() {
        var byte: UInt8 = 1
        // A full pipe refuses the byte, and then the descriptor is readable already.
        _ = write(writeDescriptor, &byte, 1)
    }

    /// Makes the descriptor unreadable until the next ``wake()``. Returns whether there was a wake-up to take.
    @discardableResult
    public func drain() -> Bool {
        var buffer: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var found = false
        while withUnsafeMutableBytes(of: &buffer, { read(fileDescriptor, $0.baseAddress, $0.count) }) > 0 {
            found = true
        }
        return found
    }
}

/// `pipe` failed; `errno` says why (out of descriptors, out of memory).
public struct WakeDescriptorError: Error, CustomStringConvertible {
    public let errno: Int32
    public var description: String { "cannot create a pipe: errno \(errno)" }
}
