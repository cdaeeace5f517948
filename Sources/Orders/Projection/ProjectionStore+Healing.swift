import Postgres

/// What one chunk of the healing walk did.
struct HealedChunk: Sendable {
    /// Orders looked at.
    var orders = 0
    /// Orders that were behind and are not any more.
    var changedOrders = 0
    var unreadable: [UnreadableReport] = []
    /// Whether the walk has reached the end.
    var isLast = false
}

extension ProjectionStore {
    private static let isWanted: PostgresStatement = "SELECT EXISTS (SELECT FROM order_projection_healing)"
    /// Blocks while another member does a chunk: afterwards this one goes on behind it, so that members share the walk.
    private static let lockWalk: PostgresStatement = "SELECT done_through FROM order_projection_healing FOR UPDATE"
    /// Only orders that are behind, and the chunk's last one. The primary key of `event` alone answers it.
    private static let selectChunk: PostgresStatement = """
        WITH chunk AS (
            SELECT aggregate_id, max(sequence_number) AS last FROM event
            WHERE aggregate_id > $1 GROUP BY aggregate_id ORDER BY aggregate_id LIMIT $2
        ), size AS (SELECT count(*) AS orders, max(aggregate_id) AS last_id FROM chunk)
        SELECT c.aggregate_id, coalesce(p.version < c.last, true), s.orders
        FROM size s JOIN chunk c ON true LEFT JOIN order_projection p ON p.order_id = c.aggregate_id
        WHERE p.version IS NULL OR p.version < c.last OR c.aggregate_id = s.last_id
        ORDER BY c.aggregate_id
        """
    private static let moveWalk: PostgresStatement = "UPDATE order_projection_healing SET done_through = $1"
    private static let endWalk: PostgresStatement = "DELETE FROM order_projection_healing"

    /// Whether a walk was asked for and has not reached the end.
    func isHealingWanted() throws -> Bool {
        try connection.query(Self.isWanted).bool(0, 0)
    }

    /// Brings the next orders of the walk up to the event store.
    func healChunk(maximumOrders: Int) throws -> HealedChunk {
        try connection.transaction {
            let walk = try connection.query(Self.lockWalk)
            guard walk.count > 0 else { return HealedChunk(isLast: true) }
            let rows = try connection.query(Self.selectChunk, [.text(walk.string(0, 0)), .int8(Int64(maximumOrders))])
            var chunk = HealedChunk()
            chunk.orders = rows.count == 0 ? 0 : Int(try rows.int64(0, 2))
            chunk.isLast = chunk.orders < maximumOrders
            let behind = try (0..<rows.count).filter { try rows.bool($0, 1) }.map { try rows.string($0, 0) }
            let histories = try histories(of: behind)
            let changed = try write(histories.orders)
            chunk.changedOrders = changed.count
            chunk.unreadable = histories.unreadable
            if chunk.isLast {
                try connection.query(Self.endWalk)
            } else {
                try connection.query(Self.moveWalk, [.text(rows.string(rows.count - 1, 0))])
            }
            try notify(changed)
            return chunk
        }
    }
}
