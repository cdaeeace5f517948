import Postgres
import Values

/// The blocks of a plan as parameters: one array per column. Built once, so that an append of unknown outcome can be
/// run again with the very same events.
struct AppendBatch {
    private let blocks: [PlannedBlock]
    /// All queries of the one transaction.
    let queries: [PostgresQuery]
    /// Which of the queries answers with the inserted events.
    private let appendIndex: Int

    init(_ blocks: [PlannedBlock]) {
        self.blocks = blocks
        var first = EventColumns(reserving: blocks.count)
        var rest = EventColumns(reserving: 0)
        var keys: [(block: PlannedBlock, key: PlannedKey)] = []
        for block in blocks {
            for (position, event) in block.events.enumerated() {
                if position == 0 { first.append(event, block.orderID) } else { rest.append(event, block.orderID) }
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
            PostgresQuery(AppendStatement.insertKeys, columns.insertion),
            PostgresQuery(statement, parameters + columns.check),
            PostgresQuery(AppendStatement.removeKeysOfLosers, columns.removal),
        ]
    }

    /// For each block whether it was appended, from the results of ``queries``.
    func appended(_ results: [PostgresResult]) throws(PostgresError) -> [Bool] {
        let rows = results[appendIndex]
        let requested = blocks.reduce(0) { $0 + $1.events.count }
        if rows.count == requested { return [Bool](repeating: true, count: blocks.count) }
        return try contains(rows)
    }

    /// Asks what stands where the blocks' first events were to stand.
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

    /// For each block whether its first event is among the rows, whose first column is an event's identifier.
    func contains(_ rows: PostgresResult) throws(PostgresError) -> [Bool] {
        var found: Set<UUIDBytes> = []
        for row in 0..<rows.count { found.insert(try rows.uuid(row, 0)) }
        return blocks.map { block in block.events.first.map { found.contains($0.id) } ?? false }
    }
}
