public import Postgres

/// Blocking reads of the table `event`, for processes that follow the event store and repair their own tables from it.
///
/// Each call is one statement on the caller's connection, inside the caller's transaction if one is open. The server's
/// own requests do not come here: they go through ``EventStore`` and its lanes.
public struct EventReader {
    private let connection: PostgresConnection

    /// - Parameter connection: used on the caller's thread only.
    public init(_ connection: PostgresConnection) {
        self.connection = connection
    }
}

// MARK: - Histories of orders

extension EventReader {
    private enum HistoryColumn: Int { case orderID, sequenceNumber, eventType, payload, createdAt }

    private static let selectHistories: PostgresStatement = """
        SELECT aggregate_id, sequence_number, event_type, event_data, created_at
        FROM event WHERE aggregate_id = ANY($1) ORDER BY aggregate_id, sequence_number
        """

    /// The whole histories of these orders, in the order of their ids. An order without events is missing.
    ///
    /// - Throws: `PostgresError`.
    public func histories(of orderIDs: [String]) throws(PostgresError) -> [RecordedHistory] {
        guard !orderIDs.isEmpty else { return [] }
        var ids = PostgresArray(.text, reserving: orderIDs.count)
        for id in orderIDs { ids.append(id) }
        let rows = try connection.query(Self.selectHistories, [.array(ids)])
        var histories: [RecordedHistory] = []
        for row in 0..<rows.count {
            let event = RecordedEvent(
                sequenceNumber: try rows.int64(row, HistoryColumn.sequenceNumber.rawValue),
                eventType: try rows.string(row, HistoryColumn.eventType.rawValue),
                payload: try rows.bytes(row, HistoryColumn.payload.rawValue),
                createdAt: try rows.timestampMicroseconds(row, HistoryColumn.createdAt.rawValue))
            // Ids are compared as bytes: two ids that only Unicode calls equal are two orders.
            let id = HistoryColumn.orderID.rawValue
            let isSameOrder = row > 0 && rows.unsafeBytes(row, id).elementsEqual(rows.unsafeBytes(row - 1, id))
            if !isSameOrder { histories.append(RecordedHistory(orderID: try rows.string(row, id), events: [])) }
            histories[histories.count - 1].events.append(event)
        }
        return histories
    }
}

// MARK: - Heads of all orders

extension EventReader {
    private enum HeadColumn: Int { case orderID, lastSequenceNumber }

    /// The primary key alone answers it.
    private static let selectHeads: PostgresStatement = """
        SELECT aggregate_id, max(sequence_number) FROM event
        WHERE aggregate_id > $1 GROUP BY aggregate_id ORDER BY aggregate_id LIMIT $2
        """

    /// One page of a walk over all orders: the next orders behind `orderID` in the byte order of the ids.
    ///
    /// - Parameters:
    ///   - orderID: the last id of the page before; empty for the first page.
    ///   - limit: the most heads returned; fewer mean that the walk is at its end.
    /// - Throws: `PostgresError`.
    public func heads(after orderID: String, limit: Int) throws(PostgresError) -> [OrderHead] {
        let rows = try connection.query(Self.selectHeads, [.text(orderID), .int8(Int64(limit))])
        var heads: [OrderHead] = []
        heads.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            heads.append(
                OrderHead(
                    orderID: try rows.string(row, HeadColumn.orderID.rawValue),
                    lastSequenceNumber: try rows.int64(row, HeadColumn.lastSequenceNumber.rawValue)))
        }
        return heads
    }
}

extension EventReader {
    private static let estimateOrders: PostgresStatement = """
        SELECT coalesce((
            SELECT greatest(0, CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples
                                    ELSE s.n_distinct END)::bigint
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = 'aggregate_id'
            WHERE c.oid = 'event'::regclass), 0)
        """

    /// About how many orders there are, by the statistics of the table; 0 while there are none.
    ///
    /// - Throws: `PostgresError`.
    public func estimatedOrders() throws(PostgresError) -> Int64 {
        try connection.query(Self.estimateOrders).int64(0, 0)
    }
}

// MARK: - Orders whose payment is not settled

extension EventReader {
    /// The slice is materialized: otherwise a plan that was made while the table was empty walks the whole primary key,
    /// because its order saves the sort of the DISTINCT.
    private static let selectUnsettled: PostgresStatement = """
        WITH slice AS MATERIALIZED (
            SELECT aggregate_id, sequence_number, event_type FROM event
            WHERE created_at >= $1 AND created_at < $2 AND aggregate_type = 'order'
                AND event_type IN ('order_placed', 'order_cancelled'))
        SELECT DISTINCT e.aggregate_id FROM slice e
        WHERE (
            e.event_type = 'order_placed' AND NOT EXISTS (
                SELECT FROM event s WHERE s.aggregate_id = e.aggregate_id AND s.sequence_number > e.sequence_number
                    AND s.event_type IN ('order_paid', 'order_payment_failed', 'order_cancelled'))
            OR e.event_type = 'order_cancelled' AND EXISTS (
                SELECT FROM event i WHERE i.aggregate_id = e.aggregate_id AND i.sequence_number < e.sequence_number
                    AND i.event_type = 'order_payment_initiated'))
        """

    /// Orders placed in a slice of time that are neither paid, declined nor cancelled until now, and orders cancelled
    /// in the slice after their payment was initiated. Served by a BRIN index on `created_at`.
    ///
    /// - Parameter slice: microseconds since 1970.
    /// - Throws: `PostgresError`.
    public func unsettledOrders(recordedIn slice: Range<Int64>) throws(PostgresError) -> [String] {
        let rows = try connection.query(
            Self.selectUnsettled,
            [.timestamp(microsecondsSince1970: slice.lowerBound), .timestamp(microsecondsSince1970: slice.upperBound)])
        var orderIDs: [String] = []
        orderIDs.reserveCapacity(rows.count)
        for row in 0..<rows.count { orderIDs.append(try rows.string(row, 0)) }
        return orderIDs
    }
}
