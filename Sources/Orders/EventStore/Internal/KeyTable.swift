import Postgres
import Values

/// The stored answer to a command with an idempotency key: one row of the table `idempotency_key`.
struct KeyRecord: Equatable {
    let requestHash: [UInt8]
    let orderID: String
    /// The order's number of events after the command.
    let version: Int64

    /// The answer to another command under the same key.
    func answer(to key: IdempotencyKey) -> Result<CommandOutcome, EventStoreError> {
        guard requestHash == key.requestHash else { return .failure(.idempotencyMismatch) }
        return .success(CommandOutcome(orderID: orderID, version: version, replayed: true))
    }
}

/// The statements on the table `idempotency_key`. ``AppendStatement`` reads it, too.
enum KeyTable {
    // MARK: - Reading

    private enum Column: Int {
        case key, requestHash, orderID, orderVersion
    }

    private static let lookup: PostgresStatement = """
        SELECT key, request_hash, order_id, order_version FROM idempotency_key WHERE key = ANY($1)
        """

    /// Finds the records of these keys; see ``records(_:)``.
    static func query(_ keys: [String]) -> PostgresQuery {
        var array = PostgresArray(.text, reserving: keys.count)
        for key in keys { array.append(key) }
        return PostgresQuery(lookup, [.array(array)])
    }

    /// The result of ``query(_:)``, by key.
    static func records(_ rows: PostgresResult) throws(PostgresError) -> [ExactText: KeyRecord] {
        var records: [ExactText: KeyRecord] = [:]
        for row in 0..<rows.count {
            records[ExactText(try rows.string(row, Column.key.rawValue))] = KeyRecord(
                requestHash: try rows.bytes(row, Column.requestHash.rawValue),
                orderID: try rows.string(row, Column.orderID.rawValue),
                version: try rows.int64(row, Column.orderVersion.rawValue))
        }
        return records
    }

    // MARK: - Writing

    /// Runs before the events are appended. Every process writes keys in ascending order and before events, so that two
    /// transactions never wait for each other.
    static let insert: PostgresStatement = """
        INSERT INTO idempotency_key (key, request_hash, event_id, order_id, order_version)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::text[], $5::bigint[])
        ON CONFLICT (key) DO NOTHING
        """

    /// Runs after the events were appended: removes the key of a command whose events were not.
    static let removeKeysOfLosers: PostgresStatement = """
        DELETE FROM idempotency_key k
        USING unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[])
            AS ours (key, event_id, aggregate_id, sequence_number)
        WHERE k.key = ours.key AND k.event_id = ours.event_id AND (
            SELECT true FROM event e
            WHERE e.aggregate_id = ours.aggregate_id AND e.sequence_number = ours.sequence_number
                AND e.event_id = ours.event_id) IS NULL
        """

    /// Removes at most `$2` keys older than `$1`; other cleanups at the same time skip the rows of this one.
    static let removeExpired: PostgresStatement = """
        DELETE FROM idempotency_key WHERE key IN (
            SELECT key FROM idempotency_key WHERE created_at < $1
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        """
}

/// The idempotency keys of a batch as parameters, one array per column.
struct KeyColumns {
    /// The parameters of ``KeyTable/insert``.
    let insertion: [PostgresParameter]
    /// The last parameters of an append with keys.
    let check: [PostgresParameter]
    /// The parameters of ``KeyTable/removeKeysOfLosers``.
    let removal: [PostgresParameter]

    /// - Parameter entries: in ascending order of the keys.
    init(_ entries: [(block: PlannedBlock, key: PlannedKey)]) {
        var keys = PostgresArray(.text, reserving: entries.count)
        var hashes = PostgresArray(.bytea, reserving: entries.count)
        var events = PostgresArray(.uuid, reserving: entries.count)
        var orders = PostgresArray(.text, reserving: entries.count)
        var versions = PostgresArray(.int8, reserving: entries.count)
        var sequences = PostgresArray(.int8, reserving: entries.count)
        for (block, key) in entries {
            keys.append(key.key.key)
            hashes.append(key.key.requestHash)
            events.append(key.eventID)
            orders.append(block.orderID.text)
            versions.append(key.sequenceNumber + 1)
            sequences.append(key.sequenceNumber)
        }
        insertion = [.array(keys), .array(hashes), .array(events), .array(orders), .array(versions)]
        check = [.array(keys), .array(events), .array(orders)]
        removal = [.array(keys), .array(events), .array(orders), .array(sequences)]
    }
}
