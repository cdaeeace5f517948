import Postgres
import Sabotage

/// The keys whose rows are held back.
struct ParkedKeys {
    private var keys: Set<OutboxKey> = []
    /// For the mutant that does not know the keys parked before this session; empty otherwise.
    private var unknown: Set<OutboxKey> = []

    private enum Column: Int { case aggregateType, aggregateID }

    /// Reads all of them.
    ///
    /// - Throws: ``OutboxError`` with code `notMigrated` when the relay's schema is older than this relay.
    init(_ connection: PostgresConnection, schema: String) throws {
        let name = PostgresConnection.quoteIdentifier(schema)
        let rows = try Self.read(connection, name)
        for row in 0..<rows.count {
            keys.insert(
                OutboxKey(
                    aggregateType: try rows.string(row, Column.aggregateType),
                    aggregateID: try rows.string(row, Column.aggregateID)))
        }
        if Mutant.parkedKeyLetThrough.isOn { unknown = keys }
    }

    private static func read(_ connection: PostgresConnection, _ schema: String) throws -> PostgresResult {
        do {
            return try connection.query(
                PostgresStatement(
                    """
                    SELECT aggregate_type, aggregate_id, retry_at, (SELECT edited FROM \(schema).held LIMIT 0)
                    FROM \(schema).parked
                    """))
        } catch {
            guard error.sqlState == SQLState.undefinedColumn else { throw error }
            throw OutboxError(
                .notMigrated,
                "the schema \(schema) is older than this relay: run outboxctl upgrade (or outboxctl migrate) as its "
                    + "owner"
            )
        }
    }

    var isEmpty: Bool { keys.isEmpty }
    var count: Int { keys.count }
    func contains(_ key: OutboxKey) -> Bool { keys.contains(key) && !unknown.contains(key) }
    mutating func insert(_ key: OutboxKey) { keys.insert(key) }
    mutating func remove(_ key: OutboxKey) { keys.remove(key) }
}

/// Rows that were held instead of published, and keys that were parked, waiting to be stored with the next move.
struct HeldBatch {
    /// A key that is to be parked.
    struct Parking {
        var key: OutboxKey
        /// The row that was refused.
        var outboxID: Int64
        var error: String
        /// nil: the key waits for an operator.
        var retryAfter: Duration?
    }

    private(set) var parkings: [Parking] = []
    private(set) var rows: [(id: Int64, key: OutboxKey)] = []

    var isEmpty: Bool { parkings.isEmpty && rows.isEmpty }

    mutating func park(_ key: OutboxKey, _ outboxID: Int64, _ error: String, retryAfter: Duration?) {
        let text = String(error.prefix(OutboxLimits.parkedErrorCharacters))
        parkings.append(Parking(key: key, outboxID: outboxID, error: text, retryAfter: retryAfter))
    }

    mutating func hold(_ outboxID: Int64, _ key: OutboxKey) {
        rows.append((outboxID, key))
    }

    /// The part that may be stored when the rows up to this id are settled. The order of storing is the order of the
    /// release, and a row between this id and a held one may still come back from its flight and be held as well.
    func through(_ outboxID: Int64) -> HeldBatch {
        var part = self
        part.rows.removeAll { $0.id > outboxID }
        return part
    }

    /// The other part, when that one is stored.
    func behind(_ outboxID: Int64) -> HeldBatch {
        var part = HeldBatch()
        part.rows = rows.filter { $0.id > outboxID }
        return part
    }

    /// Forgets the rows behind this id, which are read again.
    mutating func dropRows(after outboxID: Int64) { rows.removeAll { $0.id > outboxID } }

    /// The statements that store the batch; the last one stores the rows, if there are any.
    func queries(_ statements: CheckpointStatements) -> [PostgresQuery] {
        let parks = parkings.map { parking in
            PostgresQuery(
                statements.park,
                [
                    .text(parking.key.aggregateType), .text(parking.key.aggregateID), .int8(parking.outboxID),
                    .text(parking.error), HeldRows.milliseconds(parking.retryAfter),
                ])
        }
        return rows.isEmpty ? parks : parks + [holdQuery(statements)]
    }

    private func holdQuery(_ statements: CheckpointStatements) -> PostgresQuery {
        var ids = PostgresArray(.int8, reserving: rows.count)
        var types = PostgresArray(.text, reserving: rows.count)
        var aggregates = PostgresArray(.text, reserving: rows.count)
        for row in rows {
            ids.append(row.id)
            types.append(row.key.aggregateType)
            aggregates.append(row.key.aggregateID)
        }
        return PostgresQuery(statements.hold, [.array(ids), .array(types), .array(aggregates)])
    }
}
