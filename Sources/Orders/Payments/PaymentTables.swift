import EventStore
import Postgres
import Values

/// The tables of payments, and the events to recover from, on one connection used on one thread.
struct PaymentTables {
    let connection: PostgresConnection
    private let events: EventReader

    init(_ connection: PostgresConnection) {
        self.connection = connection
        self.events = EventReader(connection)
    }
}

// MARK: - The recovery pass

extension PaymentTables {
    private static let lockPass: PostgresStatement =
        "SELECT pg_try_advisory_lock(hashtextextended('orders-payments pass', 0))"
    private static let unlockPass: PostgresStatement =
        "SELECT pg_advisory_unlock(hashtextextended('orders-payments pass', 0))"
    private enum MarkColumn: Int { case settledBefore, now }
    private static let selectMark: PostgresStatement = "SELECT settled_before, clock_timestamp() FROM payment_mark"
    private static let moveMark: PostgresStatement = """
        UPDATE payment_mark SET settled_before = $1 WHERE settled_before < $1
        """
    private static let createMark: PostgresStatement = """
        INSERT INTO payment_mark (settled_before) VALUES ('epoch') ON CONFLICT DO NOTHING
        """

    /// Begins a pass from the mark to now; nil while another member does one. The lock goes with the connection.
    func beginPass() throws -> RecoveryWalk? {
        guard try connection.query(Self.lockPass).bool(0, 0) else { return nil }
        var mark = try connection.query(Self.selectMark)
        if mark.count == 0 {
            // The table was emptied by hand: the pass covers all events.
            try connection.query(Self.createMark)
            mark = try connection.query(Self.selectMark)
        }
        return RecoveryWalk(
            from: try mark.timestampMicroseconds(0, MarkColumn.settledBefore.rawValue),
            to: try mark.timestampMicroseconds(0, MarkColumn.now.rawValue) + 1)
    }

    /// Orders with an event in a slice of time (microseconds since 1970) that payments have to look at.
    func unsettledOrders(_ slice: Range<Int64>) throws -> [String] {
        try connection.within(PaymentsLimits.searchDeadline) { () throws(PostgresError) in
            try events.unsettledOrders(recordedIn: slice)
        }
    }

    /// Ends the pass. All orders that it found must be settled or in `payment_retry`.
    func endPass(_ walk: RecoveryWalk) throws {
        try connection.query(Self.moveMark, [.timestamp(microsecondsSince1970: walk.mark)])
        try connection.query(Self.unlockPass)
    }
}

// MARK: - Payments that keep failing

extension PaymentTables {
    private static let recordFailure: PostgresStatement = """
        INSERT INTO payment_retry AS r (order_id, last_error, retry_at)
        SELECT order_id, problem, clock_timestamp() + $3 * interval '1 second'
        FROM unnest($1::text[], $2::text[]) AS failed (order_id, problem)
        ON CONFLICT (order_id) DO UPDATE SET attempts = r.attempts + 1, last_error = excluded.last_error,
            retry_at = clock_timestamp() + least($4, $3 * 2 ^ least(r.attempts, 20)) * interval '1 second'
        """
    private static let removeSettled: PostgresStatement = "DELETE FROM payment_retry WHERE order_id = ANY($1)"
    /// Other members skip what this one has taken until the lease is over. The time of the statement does not change
    /// while it runs, so it bounds the index; `clock_timestamp()` would make the statement read every order that is not
    /// due.
    private static let takeDue: PostgresStatement = """
        UPDATE payment_retry SET retry_at = clock_timestamp() + $2 * interval '1 second'
        WHERE order_id IN (
            SELECT order_id FROM payment_retry WHERE retry_at <= statement_timestamp()
            ORDER BY retry_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING order_id
        """
    private static let untilDue: PostgresStatement = """
        SELECT extract(epoch FROM min(retry_at) - clock_timestamp())::float8 FROM payment_retry
        """

    /// Puts orders into `payment_retry`, or moves their next attempt further away: 5 s, 10 s, … 10 min.
    ///
    /// - Parameter failed: each order once.
    func recordFailures(_ failed: [(orderID: String, problem: String)]) throws {
        var orders = PostgresArray(.text, reserving: failed.count)
        var problems = PostgresArray(.text, reserving: failed.count)
        // In one order in every member, so that two of them cannot wait for each other.
        for (orderID, problem) in failed.sorted(by: { ExactText($0.orderID) < ExactText($1.orderID) }) {
            orders.append(orderID)
            // Postgres refuses a NUL, and with it the whole batch.
            problems.append(problem.replacing("\0", with: ""))
        }
        try connection.query(
            Self.recordFailure,
            [
                .array(orders), .array(problems), .int8(PaymentsLimits.firstRetrySeconds),
                .int8(PaymentsLimits.longestRetrySeconds),
            ])
    }

    /// The orders need no further attempt.
    func removeSettled(_ orderIDs: [String]) throws {
        var orders = PostgresArray(.text, reserving: orderIDs.count)
        for orderID in orderIDs { orders.append(orderID) }
        try connection.query(Self.removeSettled, [.array(orders)])
    }

    /// Takes orders that are due, for as long as the lease lasts.
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
