/// What answers in place of a server: a model of Postgres in a simulation. It is used as ``PostgresConnection`` uses
/// libpq, by one owner at a time, and never blocks.
package protocol PostgresStandIn: AnyObject {
    /// What `pg_backend_pid()` would say.
    var backendPID: Int32 { get }

    /// Whether statements can still be sent.
    var isUsable: Bool { get }

    /// Runs a script.
    func execute(_ script: String) throws(PostgresError)

    /// Runs one statement; outside a transaction it is its own transaction.
    func query(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter]
    ) throws(PostgresError) -> PostgresResult

    /// Runs several statements; outside a transaction they are one.
    func pipeline(_ queries: [PostgresQuery]) throws(PostgresError) -> [PostgresResult]

    /// The notifications that have arrived since the last call.
    func notifications() throws(PostgresError) -> [PostgresNotification]

    /// Waits as ``PostgresConnection/waitForActivity(until:or:)`` does.
    func wait(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> PostgresActivity

    /// The client has closed the connection. May be called more than once.
    func close()
}
