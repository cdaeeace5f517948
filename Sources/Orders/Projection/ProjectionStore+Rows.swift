import Orders
import Postgres
import Values

extension ProjectionStore {
    private static let selectRows: PostgresStatement = """
        SELECT order_id, version, customer_id, vendor_id, product_id, quantity, total_price_cents, payment_method,
            payment_status::int4, shipping_status::int4, payment_failure_reason, cancellation_reason, created_at, updated_at
        FROM order_projection WHERE order_id = ANY($1)
        """
    /// Rows come sorted by id, so that two members that write the same orders cannot deadlock.
    private static let upsertRows: PostgresStatement = """
        INSERT INTO order_projection AS p (order_id, version, customer_id, vendor_id, product_id, quantity, total_price_cents,
            payment_method, payment_status, shipping_status, payment_failure_reason, cancellation_reason, created_at, updated_at)
        SELECT * FROM unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::int4[], $7::int8[], $8::text[],
            $9::int4[], $10::int4[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[])
        ON CONFLICT (order_id) DO UPDATE
        SET version = excluded.version, customer_id = excluded.customer_id, vendor_id = excluded.vendor_id,
            product_id = excluded.product_id, quantity = excluded.quantity, total_price_cents = excluded.total_price_cents,
            payment_method = excluded.payment_method, payment_status = excluded.payment_status,
            shipping_status = excluded.shipping_status, payment_failure_reason = excluded.payment_failure_reason,
            cancellation_reason = excluded.cancellation_reason, created_at = excluded.created_at, updated_at = excluded.updated_at
        WHERE p.version < excluded.version
        RETURNING order_id
        """

    /// The rows of those of these orders that have one.
    func rows(of orderIDs: [String]) throws -> [ExactText: ProjectedOrder] {
        guard !orderIDs.isEmpty else { return [:] }
        let result = try connection.query(Self.selectRows, [.array(PostgresArray(orderIDs))])
        var rows: [ExactText: ProjectedOrder] = [:]
        rows.reserveCapacity(result.count)
        for row in 0..<result.count {
            // A row that no order can have was written by somebody else; without it the order is read from the event
            // store.
            guard let order = try Self.order(result, row) else { continue }
            rows[ExactText(order.orderID)] = order
        }
        return rows
    }

    /// Writes the rows that are ahead of what is there. Returns the ids of those.
    func write(_ orders: [ProjectedOrder]) throws -> [String] {
        guard !orders.isEmpty else { return [] }
        var columns = RowColumns(reserving: orders.count)
        for order in orders.sorted(by: { ExactText($0.orderID) < ExactText($1.orderID) }) { columns.append(order) }
        let written = try connection.query(Self.upsertRows, columns.parameters)
        return try (0..<written.count).map { try written.string($0, 0) }
    }

    /// Writes what can be written, for a batch in which Postgres refused something. Returns the ids of what changed.
    func write(oneByOne orders: [ProjectedOrder], _ refused: inout [UnreadableReport]) throws -> [String] {
        var written: [String] = []
        for order in orders.sorted(by: { ExactText($0.orderID) < ExactText($1.orderID) }) {
            try connection.execute("SAVEPOINT one_order")
            do {
                written += try write([order])
                try connection.execute("RELEASE SAVEPOINT one_order")
            } catch let error as PostgresError where error.isAboutData {
                try connection.execute("ROLLBACK TO SAVEPOINT one_order")
                refused.append(UnreadableReport(place: "order \(order.orderID)", problem: error.description))
            }
        }
        return written
    }

    private static func order(_ result: PostgresResult, _ row: Int) throws -> ProjectedOrder? {
        guard let price = Money(cents: try result.int64(row, 6)),
            let payment = PaymentStatus(projected: try result.int32(row, 8)),
            let shipping = ShippingStatus(projected: try result.int32(row, 9))
        else { return nil }
        let details = OrderDetails(
            customerID: try result.string(row, 2), vendorID: try result.string(row, 3),
            productID: try result.string(row, 4),
            quantity: try result.int32(row, 5), totalPrice: price, paymentMethod: try result.string(row, 7))
        let state = OrderState(
            details: details, paymentStatus: payment, shippingStatus: shipping,
            paymentFailureReason: result.isNull(row, 10) ? nil : try result.string(row, 10),
            cancellationReason: result.isNull(row, 11) ? nil : try result.string(row, 11))
        return ProjectedOrder(
            orderID: try result.string(row, 0), version: try result.int64(row, 1), state: state,
            createdAt: try result.timestampMicroseconds(row, 12), updatedAt: try result.timestampMicroseconds(row, 13))
    }
}

extension PostgresError {
    /// Whether the values of a statement are at fault: data exceptions, violated constraints, rows too large for an
    /// index.
    var isAboutData: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("23") || sqlState.hasPrefix("54")
    }
}
