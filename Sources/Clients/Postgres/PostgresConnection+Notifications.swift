import CLibPQ
import Glibc
public import Threads

/// One NOTIFY that arrived.
public struct PostgresNotification: Hashable, Sendable {
    public let channel: String
    public let payload: String
    /// The backend that sent it.
    public let senderPID: Int32
}

/// Why a wait ended.
public enum PostgresActivity: Sendable {
    /// The server sent something: call ``PostgresConnection/notifications()``.
    case received
    /// Somebody called `wake()`.
    case woken
    case timedOut
}

extension PostgresConnection {
    public func listen(_ channel: String) throws(PostgresError) {
        try execute("LISTEN \(Self.quoteIdentifier(channel))")
    }

    /// Takes the notifications that have arrived, without waiting.
    ///
    /// libpq also reads notifications in passing, during any query, and then the socket stays silent: drain them before
    /// every wait.
    public func notifications() throws(PostgresError) -> [PostgresNotification] {
        try requireUsable()
        guard PQconsumeInput(handle) == 1 else { throw lost() }
        var found: [PostgresNotification] = []
        while let notification = PQnotifies(handle) {
            defer { PQfreemem(notification) }
            found.append(
                PostgresNotification(
                    channel: String(cString: notification.pointee.relname),
                    payload: String(cString: notification.pointee.extra),
                    senderPID: notification.pointee.be_pid))
        }
        return found
    }

    /// Blocks until the server sends something, `wake` is rung or the deadline passes. A rung `wake` is drained.
    public func waitForActivity(
        until deadline: ContinuousClock.Instant?, or wake: WakeDescriptor
    ) throws(PostgresError) -> PostgresActivity {
        try requireUsable()
        var descriptors = [
            pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.fileDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard pollAll(&descriptors, until: deadline) else { return .timedOut }
        if descriptors[0].revents != 0 { return .received }
        wake.drain()
        return .woken
    }
}
