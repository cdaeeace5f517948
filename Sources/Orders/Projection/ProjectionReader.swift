public import Orders
public import Postgres
import Values

/// Blocking reads of the read model, for operators.
public struct ProjectionReader {
    private let store: ProjectionStore

    /// - Parameter connection: used on the caller's thread only.
    public init(_ connection: PostgresConnection) {
        store = ProjectionStore(connection, topic: "", member: "")
    }

    /// One row of the read model.
    public struct Row: Sendable {
        /// The sequence number of the last event that the row contains.
        public let lastSequenceNumber: Int64
        /// The order after that event.
        public let state: OrderState
        /// When the first event was recorded, in microseconds since 1970.
        public let createdAt: Int64
        /// When the last event was recorded, in microseconds since 1970.
        public let updatedAt: Int64
    }

    /// The row of an order; nil if there is none, or if it holds a value that no order can have.
    ///
    /// - Throws: `PostgresError`.
    public func order(_ orderID: String) throws -> Row? {
        let query = store.reading([orderID])
        let rows = try store.rows(in: store.connection.query(query.statement, query.parameters))
        guard let order = rows[ExactText(orderID)] else { return nil }
        return Row(
            lastSequenceNumber: order.lastSequenceNumber, state: order.state, createdAt: order.createdAt,
            updatedAt: order.updatedAt)
    }

    /// How far the projection has come in one partition of Kafka.
    public struct Position: Sendable {
        /// The topic's name.
        public let topic: String
        /// The partition's index.
        public let partition: Int32
        /// The first offset that is not applied yet.
        public let nextOffset: Int64
    }

    private enum PositionColumn: Int { case topic, partition, nextOffset }

    /// The plan of the view is the same whatever the values are: each table of positions is read as a whole.
    private static let selectPositions: PostgresStatement = """
        SELECT topic, partition, next_offset FROM order_projection_offset WHERE next_offset IS NOT NULL
        ORDER BY topic, partition
        """

    /// The positions of all partitions that were ever applied.
    ///
    /// - Throws: `PostgresError`.
    public func positions() throws -> [Position] {
        let rows = try store.connection.query(Self.selectPositions)
        return try (0..<rows.count).map { row in
            Position(
                topic: try rows.string(row, PositionColumn.topic.rawValue),
                partition: try rows.int32(row, PositionColumn.partition.rawValue),
                nextOffset: try rows.int64(row, PositionColumn.nextOffset.rawValue))
        }
    }

    private static let selectHealing: PostgresStatement = """
        SELECT reason, requested_at FROM order_projection_healing
        """

    /// Why all orders are being compared with the event store, and since when (microseconds since 1970); nil if they
    /// are not.
    ///
    /// - Throws: `PostgresError`.
    public func healing() throws -> (reason: String, since: Int64)? {
        let rows = try store.connection.query(Self.selectHealing)
        guard rows.count > 0 else { return nil }
        return (try rows.string(0, 0), try rows.timestampMicroseconds(0, 1))
    }
}
