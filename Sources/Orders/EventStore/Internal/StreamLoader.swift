import Glibc
import Orders
import Postgres
import Values

/// Loads the heads of many orders with one query, or two when some are cached.
struct StreamLoader {
    typealias Heads = [ExactText: Result<StreamHead, EventStoreError>]

    private static let whole: PostgresStatement = """
        SELECT aggregate_id, sequence_number, event_id, event_type, event_data, created_at
        FROM event WHERE aggregate_id = ANY($1)
        ORDER BY aggregate_id, sequence_number
        """

    /// From the last event known on.
    private static let suffixes: PostgresStatement = """
        SELECT e.aggregate_id, e.sequence_number, e.event_id, e.event_type, e.event_data, e.created_at
        FROM unnest($1::text[], $2::bigint[]) AS known (aggregate_id, last_sequence_number)
        CROSS JOIN LATERAL (
            SELECT * FROM event
            WHERE aggregate_id = known.aggregate_id AND sequence_number >= known.last_sequence_number
            ORDER BY sequence_number
        ) e
        """

    private var unknown: [ExactText] = []
    private var known: [(order: ExactText, head: StreamHead)] = []

    /// - Parameter orders: without repetition.
    init(_ orders: some Sequence<ExactText>, cache: inout StateCache) {
        for order in orders {
            if let head = cache.head(of: order) {
                known.append((order, head))
            } else {
                unknown.append(order)
            }
        }
    }

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

    /// Reads the results of ``queries``. A cached head that turns out to be of another history is forgotten and is not
    /// among the heads: it must be loaded again.
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
            let order = ExactText(try rows.string(row, 0))
            var end = row + 1
            while end < rows.count, Self.areEqual(rows.unsafeBytes(end, 0), rows.unsafeBytes(row, 0)) { end += 1 }
            var head: StreamHead? = .empty
            if let cached = expected[order] {
                // The cached history must be the beginning of the stored one; a restored database may have another.
                let (sequence, id) = (try rows.int64(row, 1), try rows.uuid(row, 2))
                let isSame = sequence == cached.version - 1 && id == cached.lastEventID
                head = isSame ? cached : nil
                if isSame { expected[order] = nil }
                row += 1
            }
            if let head { heads[order] = try folded(rows, row..<end, onto: head) }
            row = end
        }
    }

    private func folded(
        _ rows: PostgresResult, _ range: Range<Int>, onto start: StreamHead
    ) throws(PostgresError) -> Result<StreamHead, EventStoreError> {
        var head = start
        for row in range {
            do throws(EventStoreError) {
                let event = try event(rows, row)
                head.append(event, id: try pgUUID(rows, row), at: try pgTime(rows, row))
            } catch {
                return .failure(error)
            }
        }
        return .success(head)
    }

    private func event(_ rows: PostgresResult, _ row: Int) throws(EventStoreError) -> OrderEvent {
        guard let type = EventType(utf8: rows.unsafeBytes(row, 3)) else {
            throw .internal("unknown event type '\(String(decoding: rows.unsafeBytes(row, 3), as: UTF8.self))'")
        }
        return try EventCodec.decode(type, Array(rows.unsafeBytes(row, 4)))
    }

    private static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let start = left.baseAddress, let other = right.baseAddress else { return true }
        return memcmp(start, other, left.count) == 0
    }

    private func pgUUID(_ rows: PostgresResult, _ row: Int) throws(EventStoreError) -> UUIDBytes {
        do { return try rows.uuid(row, 2) } catch { throw .internal("\(error)") }
    }

    private func pgTime(_ rows: PostgresResult, _ row: Int) throws(EventStoreError) -> Int64 {
        do { return try rows.timestampMicroseconds(row, 5) } catch { throw .internal("\(error)") }
    }
}
