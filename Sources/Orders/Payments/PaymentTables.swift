import Postgres

/// The tables of payments, and the events to recover from, on one connection used on one thread.
struct PaymentTables {
    let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }
}

// MARK: - The recovery pass

extension PaymentTables {
    private static let lockPass: PostgresStatement =
        "SELECT pg_try_advisory_lock(hashtextextended('orders-payments pass', 0))"
    private static let unlockPass: PostgresStatement =
        "SELECT pg_advisory_unlock(hashtextextended('orders-payments pass', 0))"
    private static let selectMark: PostgresStatement = "SELECT settled_before, clock_timestamp() FROM payment_mark"
    private static let moveMark: PostgresStatement = """
        UPDATE payment_mark SET settled_before = $1 WHERE settled_before < $1
        """
    /// Orders placed in the slice that are not settled, and orders cancelled in it after the gateway had been asked.
    private static let selectUnsettled: PostgresStatement = """
        SELECT DISTINCT e.aggregate_id FROM event e
        WHERE e.created_at >= $1 AND e.created_at < $2 AND e.aggregate_type = 'order' AND (
            e.event_type = 'order_placed' AND NOT EXISTS (
                SELECT FROM event s WHERE s.aggregate_id = e.aggregate_id AND s.sequence_number > e.sequence_number
                    AND s.event_type IN ('order_paid', 'order_payment_failed', 'order_cancelled'))
            OR e.event_type = 'order_cancelled' AND EXISTS (
                SELECT FROM event i WHERE i.aggregate_id = e.aggregate_id AND i.sequence_number < e.sequence_number
                    AND i.event_type = 'order_payment_initiated'))
        """

    /// Begins a pass from the mark to now; nil while another member does one. The lock goes with the connection.
    func beginPass() throws -> RecoveryWalk? {
        guard try connection.query(Self.lockPass).bool(0, 0) else { return nil }
        let row = try connection.query(Self.selectMark)
        // Without a mark somebody emptied the table: everything is looked at.
        guard row.count > 0 else {
            try connection.execute("INSERT INTO payment_mark (settled_before) VALUES ('epoch') ON CONFLICT DO NOTHING")
            return try walk(connection.query(Self.selectMark))
        }
        return try walk(row)
    }

    private func walk(_ row: PostgresResult) throws -> RecoveryWalk {
        RecoveryWalk(from: try row.timestampMicroseconds(0, 0), to: try row.timestampMicroseconds(0, 1) + 1)
    }

    /// Orders in a slice of time that need something of us.
    func unsettledOrders(_ slice: Range<Int64>) throws -> [String] {
        let rows = try connection.query(
            Self.selectUnsettled,
            [.timestamp(microsecondsSince1970: slice.lowerBound), .timestamp(microsecondsSince1970: slice.upperBound)])
        return try (0..<rows.count).map { try rows.string($0, 0) }
    }

    /// Ends the pass; everything it found is settled or in `payment_retry`.
    func endPass(_ walk: RecoveryWalk) throws {
        try connection.query(Self.moveMark, [.timestamp(microsecondsSince1970: walk.mark)])
        try connection.query(Self.unlockPass)
    }
}

// MARK: - Payments that keep failing

extension PaymentTables {
    private static let recordFailure: PostgresStatement = """
        INSERT INTO payment_retry AS r (order_id, last_error, retry_at)
        VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second')
        ON CONFLICT (order_id) DO UPDATE SET attempts = r.attempts + 1, last_error = excluded.last_error,
            retry_at = clock_timestamp() + least($4, $3 * 2 ^ least(r.attempts, 20)) * interval '1 second'
        """
    private static let removeSettled: PostgresStatement = "DELETE FROM payment_retry WHERE order_id = $1"
    /// Other members skip what this one has taken until the lease is over.
    private static let takeDue: PostgresStatement = """
        UPDATE payment_retry SET retry_at = clock_timestamp() + $2 * interval '1 second'
        WHERE order_id IN (
            SELECT order_id FROM payment_retry WHERE retry_at <= clock_timestamp()
            ORDER BY retry_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING order_id
        """
    private static let untilDue: PostgresStatement = """
        SELECT extract(epoch FROM min(retry_at) - clock_timestamp())::float8 FROM payment_retry
        """

    func recordFailure(_ orderID: String, _ problem: String) throws {
        try connection.query(
            Self.recordFailure,
            [
                .text(orderID), .text(problem), .int8(PaymentsLimits.firstRetrySeconds),
                .int8(PaymentsLimits.longestRetrySeconds),
            ])
    }

    func removeSettled(_ orderID: String) throws {
        try connection.query(Self.removeSettled, [.text(orderID)])
    }

    /// Takes orders that are due.
    func takeDueRetries() throws -> [String] {
        let rows = try connection.query(
            Self.takeDue, [.int8(PaymentsLimits.retriesPerRound), .int8(PaymentsLimits.retryLeaseSeconds)])
        return try (0..<rows.count).map { try rows.string($0, 0) }
    }

    /// How long until an order is due; nil if there is none.
    func untilNextRetry() throws -> Duration? {
        let row = try connection.query(Self.untilDue)
        return row.isNull(0, 0) ? nil : .seconds(max(0, try row.double(0, 0)))
    }
}
