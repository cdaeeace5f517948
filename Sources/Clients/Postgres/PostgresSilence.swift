import Glibc
import Synchronization

/// How long a connection has waited for a byte of the server, as other threads see it.
///
/// A proxy or a firewall that forgot the connection swallows every packet without closing anything, and only time and
/// another connection can tell. A thread that has found out calls ``hangUp(silentSince:)``.
public final class PostgresSilence: Sendable {
    private struct State {
        var since: ContinuousClock.Instant?
        var lateAfter: Duration?
        /// The socket while its owner waits; -1 else, because the owner may then close it.
        var socket: Int32 = -1
    }

    private let state = Mutex(State())

    /// Since when a statement waits without a byte; nil while none waits.
    public var since: ContinuousClock.Instant? { state.withLock { $0.since } }

    /// How long a statement has waited that is later than its class allows; nil if none is.
    public var lateness: Duration? {
        let now = state.withLock { $0 }
        guard let since = now.since, let allowed = now.lateAfter, .now - since > allowed else { return nil }
        return .now - since
    }

    /// Ends the wait that began at `since`, with an error of code `connection` for the waiting thread. Has no effect
    /// when a byte came since, or when the wait is over.
    public func hangUp(silentSince since: ContinuousClock.Instant) {
        state.withLock { state in
            guard state.socket >= 0, state.since == since else { return }
            shutdown(state.socket, Int32(SHUT_RDWR))
        }
    }

    /// The owner waits for the socket from now on.
    func begin(since: ContinuousClock.Instant, lateAfter: Duration?, socket: Int32) {
        state.withLock { $0 = State(since: since, lateAfter: lateAfter, socket: socket) }
    }

    /// The owner does not wait any more.
    func end() {
        state.withLock { $0 = State() }
    }
}
