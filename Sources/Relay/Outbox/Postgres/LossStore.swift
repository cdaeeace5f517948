import Postgres

/// Writes to the table `record_loss`. A schema before version 5 does not have it, and a role that was made before that
/// version may lack the right: a relay goes on without it.
struct LossStore {
    private let mayInsert: PostgresStatement
    private let insert: PostgresStatement
    private let table: String

    init(schema: String) {
        table = PostgresConnection.quoteIdentifier(schema) + ".record_loss"
        mayInsert = "SELECT coalesce(has_table_privilege(to_regclass($1), 'INSERT'), false)"
        insert = PostgresStatement(
            """
            INSERT INTO \(table) (cause, topic, partition, lost_from, lost_until, lost_rows)
            VALUES ($1, $2, $3, $4, $5, $6)
            """)
    }

    /// - Returns: false, with nothing written, if the table or the right is missing.
    func write(_ losses: [LostRecords], _ connection: PostgresConnection) throws(PostgresError) -> Bool {
        guard try connection.query(mayInsert, [.text(table)]).bool(0, 0) else { return false }
        for loss in losses {
            try connection.query(
                insert,
                [
                    .text(loss.cause.rawValue), .text(loss.topic), .int4(loss.partition), .int8(loss.from),
                    .int8(loss.until), .int8(loss.rows),
                ])
        }
        return true
    }
}
