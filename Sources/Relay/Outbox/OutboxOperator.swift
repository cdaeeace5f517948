public import Postgres

/// What the relay's own programs ask of an outbox: whether it is set up, how old its oldest row is, and a rebase. What
/// operators ask and decide besides is in `Operations`.
public struct OutboxOperator {
    let connection: PostgresConnection
    let schema: String
    let quoted: String

    /// - Parameters:
    ///   - connection: of a role that may read and write the relay's schema.
    ///   - schema: the relay's schema, not quoted.
    public init(_ connection: PostgresConnection, schema: String = "outbox_relay") {
        self.connection = connection
        self.schema = schema
        quoted = PostgresConnection.quoteIdentifier(schema)
    }

    /// Makes sure that there is a relay's schema of that name.
    ///
    /// - Throws: ``OutboxError`` with code `notMigrated` or `schema`, whose message says what is missing.
    public func verify() throws { _ = try RelayIdentity.read(connection, schema: schema) }

    /// When the oldest row that waits or is held was written, in microseconds since 1970; nil if there is none. Of each
    /// kind the first ``OutboxLimits/rowsOfBacklogCounted`` rows are looked at.
    ///
    /// - Throws: `PostgresError`.
    public func oldestWaiting() throws -> Int64? {
        let limit = OutboxLimits.rowsOfBacklogCounted
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT least(
                    (SELECT min(created_at) FROM (
                        SELECT created_at FROM \(quoted).source
                        WHERE transaction_id >= (SELECT pg_snapshot_xmin(published) FROM \(quoted).checkpoint LIMIT 1)
                          AND NOT pg_visible_in_snapshot(
                              transaction_id, (SELECT published FROM \(quoted).checkpoint LIMIT 1))
                        ORDER BY transaction_id LIMIT \(limit)) AS waiting),
                    (SELECT min(o.created_at) FROM (
                        SELECT outbox_id FROM \(quoted).held ORDER BY outbox_id LIMIT \(limit)) AS h
                     JOIN \(quoted).source AS o USING (outbox_id)))
                """))
        return rows.isNull(0, 0) ? nil : try rows.timestampMicroseconds(0, 0)
    }
}
