import Postgres

/// Opens the connection that reads rows and moves the checkpoint.
enum WorkConnection {
    /// The session carries a lock of its own, by which the next leader finds it: a leader that is stopped in the middle
    /// of a statement or a transaction leaves a backend behind that holds its locks and its snapshot for as long as
    /// nobody ends it.
    static func open(_ configuration: RelayConfiguration) throws -> (
        connection: PostgresConnection, identity: RelayIdentity
    ) {
        let connection = try PostgresConnection(configuration.workConnection)
        let identity = try RelayIdentity.read(connection, schema: configuration.schema)
        if !configuration.usesPooler {
            try connection.query(
                "SELECT pg_advisory_lock_shared($1, $2)", [.int4(identity.lockClass), .int4(identity.workLock)])
        }
        return (connection, identity)
    }
}
