public import NIOCore
import Synchronization

/// The bounds of listening sockets.
public enum ListeningLimits {
    /// A connection without traffic for so long, and without a byte that waits for an answer, may be closed for a new
    /// one.
    public static let quiet: TimeAmount = .seconds(1)
    /// Connections that may be closing for new ones at the same time; each has a descriptor beyond the bound.
    public static let closingConnections = 4
    /// The pause after an accept that failed for lack of descriptors or memory.
    public static let pause: TimeAmount = .milliseconds(100)
    /// The shortest time between two log lines of one listener.
    public static let logInterval: TimeAmount = .seconds(10)
}

/// Counts over all listening sockets of the process.
public enum ListeningCounts {
    /// One count. All functions may be called from any thread.
    public final class Count: Sendable {
        private let value = Atomic(0)

        /// Since the start of the process.
        public var total: Int { value.load(ordering: .relaxed) }

        func increment() { value.wrappingAdd(1, ordering: .relaxed) }
    }

    /// New connections that were closed at once.
    public static let refused = Count()
    /// Quiet connections that were closed for new ones.
    public static let closed = Count()
    /// Pauses of accept.
    public static let pauses = Count()
}
