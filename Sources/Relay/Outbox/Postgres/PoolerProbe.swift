import Postgres
import Threads

/// Finds out whether a transaction pooler stands between the relay and Postgres, before anything is kept in a session.
///
/// Behind a pooler a session's lock, its settings and its LISTEN stay with the connection that the pooler happened to
/// use.
enum PoolerProbe {
    static func findsTransactionPooler(_ configuration: RelayConfiguration) throws -> Bool {
        var plain = configuration.postgres
        plain.applicationName = "outbox-relay probe"
        plain.readWriteOnly = true
        plain.preparesStatements = false
        plain.sessionSettings = []
        let listener = try PostgresConnection(plain)
        // A pooler gives its clients numbers of its own for the key that cancels a statement.
        guard try listener.query("SELECT pg_backend_pid()").int32(0, 0) != listener.backendPID else { return false }
        return try !hears(listener, from: PostgresConnection(plain))
    }

    /// A pooler that keeps a session for its client passes notifications on; one that lends sessions for a transaction
    /// cannot. The notification comes from another client, because the pooler may well lend both the same session.
    private static func hears(_ listener: PostgresConnection, from sender: PostgresConnection) throws -> Bool {
        let channel = "outbox_relay_probe_\(UInt64.random(in: .min ... .max))"
        try listener.listen(channel)
        try sender.query("SELECT pg_notify($1, '')", [.text(channel)])
        let never = try WakeDescriptor()
        let deadline = ContinuousClock.now + .milliseconds(OutboxLimits.listenProbeMilliseconds)
        var isHeard = false
        repeat {
            isHeard = try listener.notifications().contains { $0.channel == channel }
        } while try !isHeard && listener.waitForActivity(until: deadline, or: never) != .timedOut
        // Otherwise the LISTEN would stay in the session that the pooler lends to other clients next.
        for connection in [listener, sender] { try connection.execute("UNLISTEN *") }
        return isHeard
    }
}
