import Postgres

/// Rows that were held instead of published, and keys that were parked, waiting to be stored with the next move.
struct HeldBatch {
    struct Parking {
        var key: OutboxKey
        var outboxID: Int64
        var error: String
        /// nil waits for an operator.
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
