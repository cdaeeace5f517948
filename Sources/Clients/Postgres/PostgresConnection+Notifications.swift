import CLibPQ
import Glibc
public import Threads

/// One NOTIFY that arrived.
public struct PostgresNotification: Hashable, Sendable {
    /// The channel as LISTEN named it.
    public let channel: String
    /// At most 7,999 bytes; empty if the NOTIFY gave none.
    public let payload: String

    /// For stand-ins; libpq's are made where they are read.
    package init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}

/// The reason why ``PostgresConnection/waitForActivity(until:or:)`` returned.
public enum PostgresActivity: Sendable {
    /// The server sent something: call ``PostgresConnection/notifications()``.
    case received
    /// Another thread called `wake()`.
    case woken
    /// The deadline passed.
    case timedOut
}

extension PostgresConnection {
    /// Subscribes to a channel for the life of the connection.
    public func listen(_ channel: String) throws(PostgresError) {
        try execute("LISTEN \(Self.quoteIdentifier(channel))")
    }

    /// Takes the notifications that have arrived, without waiting.
    ///
    /// libpq also reads notifications in passing, during any query, and then the socket stays silent: drain them before
    /// every wait.
    public func notifications() throws(PostgresError) -> [PostgresNotification] {
        try requireUsable()
        if let standIn { return try standIn.notifications() }
        guard PQconsumeInput(handle) == 1 else { throw lost() }
        var found: [PostgresNotification] = []
        while let notification = PQnotifies(handle) {
            defer { PQfreemem(notification) }
            found.append(
                PostgresNotification(
                    channel: String(cString: notification.pointee.relname),
                    payload: String(cString: notification.pointee.extra)))
        }
        return found
    }

    /// Blocks until the server sends something, another thread calls `wake()` or the deadline passes. The wake-up is
    /// taken; when the server sent something as well, it stays for the next wait.
    ///
    /// - Parameter deadline: nil waits without end.
    public func waitForActivity(
        until deadline: ContinuousClock.Instant?, or wake: WakeDescriptor
    ) throws(PostgresError) -> PostgresActivity {
        try requireUsable()
        if let standIn { return try standIn.wait(until: deadline) }
        var descriptors = [
            pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.fileDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        if PollLoop.wait(&descriptors, until: deadline) == .timedOut { return .timedOut }
        if descriptors[0].revents != 0 { return .received }
        wake.drain()
        return .woken
    }
}
