import Postgres
import Values

/// The remembered answer to a command with an idempotency key.
struct KeyRecord: Equatable {
    let requestHash: [UInt8]
    let orderID: String
    let version: Int64

    private static let lookup: PostgresStatement = """
        SELECT key, request_hash, order_id, order_version FROM idempotency_key WHERE key = ANY($1)
        """

    static func query(_ keys: [String]) -> PostgresQuery {
        var array = PostgresArray(.text, reserving: keys.count)
        for key in keys { array.append(key) }
        return PostgresQuery(lookup, [.array(array)])
    }

    static func records(_ rows: PostgresResult) throws(PostgresError) -> [ExactText: KeyRecord] {
        var records: [ExactText: KeyRecord] = [:]
        for row in 0..<rows.count {
            records[ExactText(try rows.string(row, 0))] = KeyRecord(
                requestHash: try rows.bytes(row, 1), orderID: try rows.string(row, 2), version: try rows.int64(row, 3))
        }
        return records
    }

    /// What the command is answered, given this earlier one under the same key.
    func answer(to key: IdempotencyKey) -> Result<CommandOutcome, EventStoreError> {
        guard requestHash == key.requestHash else { return .failure(.idempotencyMismatch) }
        return .success(CommandOutcome(orderID: orderID, version: version, replayed: true))
    }
}
