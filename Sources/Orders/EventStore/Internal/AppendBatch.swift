import Postgres
import Values

/// The blocks of a plan as the queries of one transaction, with one array parameter per column. They are built once, so
/// that an append of unknown outcome can be run again with the same events and the same identifiers.
struct AppendBatch {
    private let blocks: [PlannedBlock]
    /// All queries of the transaction.
    let queries: [PostgresQuery]
    /// Which of the queries answers with the inserted events.
    private let appendIndex: Int

    /// - Parameter blocks: in ascending order of their orders, at least one, each with at least one event.
    init(_ blocks: [PlannedBlock]) {
        assert(!blocks.isEmpty && blocks.allSatisfy { !$0.events.isEmpty }, "a batch appends something")
        assert(
            zip(blocks, blocks.dropFirst()).allSatisfy { $0.orderID < $1.orderID },
            "blocks in another order can deadlock with another writer")
        self.blocks = blocks
        var first = EventColumns(reserving: blocks.count)
        var rest = EventColumns(reserving: 0)
        var keys: [(block: PlannedBlock, key: PlannedKey)] = []
        for block in blocks {
            for (position, event) in block.events.enumerated() {
                if position == 0 {
                    first.append(event, block.orderID, after: block.previousEventID)
                } else {
                    rest.append(event, block.orderID, after: nil)
                }
            }
            for key in block.keys { keys.append((block, key)) }
        }
        let hasRest = rest.count > 0
        var parameters = first.parameters
        if hasRest { parameters += rest.parameters }
        let statement = AppendStatement.statement(hasKeys: !keys.isEmpty, hasRest: hasRest)
        guard !keys.isEmpty else {
            appendIndex = 0
            queries = [PostgresQuery(statement, parameters)]
            return
        }
        keys.sort { ExactText($0.key.key.key) < ExactText($1.key.key.key) }
        let columns = KeyColumns(keys)
        appendIndex = 1
        queries = [
            PostgresQuery(KeyTable.insert, columns.insertion),
            PostgresQuery(statement, parameters + columns.check),
            PostgresQuery(KeyTable.removeKeysOfLosers, columns.removal),
        ]
    }

    /// For each block whether it was appended, from the results of ``queries``.
    func appended(_ results: [PostgresResult]) throws(PostgresError) -> [Bool] {
        let rows = results[appendIndex]
        let requested = blocks.reduce(0) { $0 + $1.events.count }
        if rows.count == requested { return [Bool](repeating: true, count: blocks.count) }
        return try contains(rows)
    }

    /// Reads the identifiers of the events that the store has in place of the blocks' first events.
    var standingQuery: PostgresQuery {
        var ids = PostgresArray(.text, reserving: blocks.count)
        var sequences = PostgresArray(.int8, reserving: blocks.count)
        for block in blocks {
            guard let first = block.events.first else { continue }
            ids.append(block.orderID.text)
            sequences.append(first.sequenceNumber)
        }
        return PostgresQuery(AppendStatement.standing, [.array(ids), .array(sequences)])
    }

    /// For each block whether its first event is among the rows. The only column of the rows is an event's identifier.
    func contains(_ rows: PostgresResult) throws(PostgresError) -> [Bool] {
        var found: Set<UUIDBytes> = []
        for row in 0..<rows.count { found.insert(try rows.uuid(row, 0)) }
        return blocks.map { block in block.events.first.map { found.contains($0.id) } ?? false }
    }
}

/// Events as parameters, one array per column, in the order that ``AppendStatement`` expects.
private struct EventColumns {
    private var ids: PostgresArray
    private var orders: PostgresArray
    private var sequences: PostgresArray
    private var types: PostgresArray
    private var payloads: PostgresArray
    private var traceparents: PostgresArray
    private var times: PostgresArray
    private var previous: PostgresArray

    init(reserving count: Int) {
        ids = PostgresArray(.uuid, reserving: count)
        orders = PostgresArray(.text, reserving: count * 2)
        sequences = PostgresArray(.int8, reserving: count)
        types = PostgresArray(.text, reserving: count)
        payloads = PostgresArray(.bytea, reserving: count * 6)
        traceparents = PostgresArray(.text, reserving: count)
        times = PostgresArray(.timestamptz, reserving: count)
        previous = PostgresArray(.uuid, reserving: count)
    }

    var count: Int { ids.count }

    /// - Parameter previousEventID: what the statement compares, for the first event of a block.
    mutating func append(_ event: PlannedEvent, _ order: ExactText, after previousEventID: UUIDBytes?) {
        ids.append(event.id)
        orders.append(order.text)
        sequences.append(event.sequenceNumber)
        types.append(event.type.rawValue)
        payloads.append(event.bytes)
        if let traceparent = event.traceparent { traceparents.append(traceparent) } else { traceparents.appendNull() }
        times.append(microsecondsSince1970: event.time)
        if let previousEventID { previous.append(previousEventID) } else { previous.appendNull() }
    }

    /// ``AppendStatement/parametersOfEvents`` many.
    var parameters: [PostgresParameter] {
        [
            .array(ids), .array(orders), .array(sequences), .array(types), .array(payloads), .array(traceparents),
            .array(times), .array(previous),
        ]
    }
}
