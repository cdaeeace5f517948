import Postgres
import Values

/// Idempotency keys as columns, for the three statements that handle them.
struct KeyColumns {
    /// Parameters of ``AppendStatement/insertKeys``.
    let insertion: [PostgresParameter]
    /// The last parameters of an append with keys.
    let check: [PostgresParameter]
    /// Parameters of ``AppendStatement/removeKeysOfLosers``.
    let removal: [PostgresParameter]

    /// - Parameter entries: in order of the keys.
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
