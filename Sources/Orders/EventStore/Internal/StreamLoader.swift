import Postgres
import Values

/// Loads the heads of many orders with one query, or with two when some are cached.
struct StreamLoader {
    typealias Heads = [ExactText: Result<StreamHead, EventStoreError>]

    /// Whole histories.
    private static let whole = PostgresStatement(
        """
        SELECT \(EventColumn.selectList)
        FROM event WHERE aggregate_id = ANY($1)
        ORDER BY aggregate_id, sequence_number
        """)

    /// Histories from the last known event on.
    private static let suffixes = PostgresStatement(
        """
        SELECT \(EventColumn.selectList)
        FROM unnest($1::text[], $2::bigint[]) AS known (known_id, last_sequence_number)
        CROSS JOIN LATERAL (
            SELECT * FROM event
            WHERE aggregate_id = known_id AND sequence_number >= last_sequence_number
            ORDER BY sequence_number
        ) e
        """)

    private var unknown: [ExactText] = []
    private var known: [(order: ExactText, head: StreamHead)] = []

    /// - Parameter orders: each order once.
    init(_ orders: some Sequence<ExactText>, cache: inout StateCache) {
        for order in orders {
            if let head = cache.head(of: order) {
                known.append((order, head))
            } else {
                unknown.append(order)
            }
        }
    }

    /// One query, or two when some orders are cached and others are not.
    var queries: [PostgresQuery] {
        var queries: [PostgresQuery] = []
        if !unknown.isEmpty {
            var ids = PostgresArray(.text, reserving: unknown.count)
            for order in unknown { ids.append(order.text) }
            queries.append(PostgresQuery(Self.whole, [.array(ids)]))
        }
        if !known.isEmpty {
            var ids = PostgresArray(.text, reserving: known.count)
            var sequences = PostgresArray(.int8, reserving: known.count)
            for (order, head) in known {
                ids.append(order.text)
                sequences.append(head.version - 1)
            }
            queries.append(PostgresQuery(Self.suffixes, [.array(ids), .array(sequences)]))
        }
        return queries
    }

    /// The heads of the orders, from the results of ``queries``.
    ///
    /// A cached head that does not belong to the stored history is removed from the cache and is not among the returned
    /// heads: the caller must load that order again.
    func heads(_ results: some Sequence<PostgresResult>, cache: inout StateCache) throws(PostgresError) -> Heads {
        var heads = Heads(minimumCapacity: unknown.count + known.count)
        for order in unknown { heads[order] = .success(.empty) }
        var expected: [ExactText: StreamHead] = [:]
        for (order, head) in known { expected[order] = head }
        for rows in results { try fold(rows, into: &heads, expected: &expected) }
        for order in expected.keys { cache.forget(order) }
        for (order, head) in heads {
            if case .success(let head) = head { cache.keep(head, of: order) }
        }
        return heads
    }

    private func fold(
        _ rows: PostgresResult, into heads: inout Heads, expected: inout [ExactText: StreamHead]
    ) throws(PostgresError) {
        var row = 0
        while row < rows.count {
            let first = EventRow(rows: rows, row: row)
            let order = ExactText(try first.orderID)
            var end = row + 1
            while end < rows.count, EventRow(rows: rows, row: end).isOfSameOrder(as: first) { end += 1 }
            var head: StreamHead? = .empty
            if let cached = expected[order] {
                // The cached history must be the beginning of the stored one; a restored database may have another.
                let (sequence, id) = (try first.sequenceNumber, try first.eventID)
                let isSame = sequence == cached.version - 1 && id == cached.lastEventID
                head = isSame ? cached : nil
                if isSame { expected[order] = nil }
                row += 1
            }
            if let head { heads[order] = folded(rows, row..<end, onto: head) }
            row = end
        }
    }

    /// The head, or why an event of the history cannot be decoded; that fails this order only.
    private func folded(
        _ rows: PostgresResult, _ range: Range<Int>, onto start: StreamHead
    ) -> Result<StreamHead, EventStoreError> {
        var head = start
        for row in range {
            let row = EventRow(rows: rows, row: row)
            do {
                head.append(try row.event, id: try row.eventID, at: try row.createdAt)
            } catch let error as EventStoreError {
                return .failure(error)
            } catch {
                return .failure(.internal("\(error)"))
            }
        }
        return .success(head)
    }
}
