import Glibc
import Threads

/// Writes to a descriptor that may be a pipe which is nearly full.
enum DescriptorOutput {
    /// How one `write` ended.
    enum Outcome: Equatable {
        /// The number of bytes, above zero.
        case wrote(Int)
        case failed(errno: Int32)
    }

    /// One `write` of at most `RuntimeLimits.logWriteBytes` bytes, whole lines if they fit. Goes on after a signal.
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Outcome {
        assert(!bytes.isEmpty, "a write needs bytes")
        var piece = bytes.prefix(RuntimeLimits.logWriteBytes)
        if piece.count < bytes.count, let end = piece.lastIndex(of: UInt8(ascii: "\n")) { piece = piece[...end] }
        while true {
            let count = piece.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return .wrote(count) }
            if count == 0 { return .failed(errno: EIO) }
            if errno != EINTR { return .failed(errno: errno) }
        }
    }

    /// Writes as much as the descriptor takes; waits at most `RuntimeLimits.logStall` for each piece.
    static func writeWhileItFlows(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var interest = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard PollLoop.wait(&interest, until: .now + RuntimeLimits.logStall) == .ready,
                case .wrote(let count) = write(rest, to: descriptor)
            else { return }
            rest = rest.dropFirst(count)
        }
    }
}
