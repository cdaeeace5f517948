import Orders
import Postgres
import Values

// The table order_projection.

/// The columns of `order_projection`, in the order of every statement here.
private enum RowColumn: Int, CaseIterable {
    case orderID, lastSequenceNumber, customerID, vendorID, productID, quantity, totalPriceCents, paymentMethod
    case paymentStatus, shippingStatus, paymentFailureReason, cancellationReason, createdAt, updatedAt

    /// The type of the column's parameter.
    var type: PostgresType {
        switch self {
        case .orderID, .customerID, .vendorID, .productID, .paymentMethod: .text
        case .paymentFailureReason, .cancellationReason: .text
        case .lastSequenceNumber, .totalPriceCents: .int8
        case .quantity, .paymentStatus, .shippingStatus: .int4
        case .createdAt, .updatedAt: .timestamptz
        }
    }
}

/// A table with the rows of the read model.
enum RowTable: Int, CaseIterable {
    /// The one that is read.
    case live = 0
    /// The one that a rebuild fills.
    case shadow = 1

    /// Its name in Postgres.
    var name: String { self == .live ? "order_projection" : "order_projection_shadow" }
}

// MARK: - Reading

extension ProjectionStore {
    private static let selectRows: PostgresStatement = """
        SELECT order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
            payment_method, payment_status::int4, shipping_status::int4, payment_failure_reason, cancellation_reason,
            created_at, updated_at
        FROM order_projection WHERE order_id = ANY($1)
        """
    private static let selectSequenceNumbers: PostgresStatement = """
        SELECT order_id, last_sequence_number FROM order_projection WHERE order_id = ANY($1)
        """

    /// Reads the rows of these orders, see ``rows(in:)``.
    func reading(_ orderIDs: [String]) -> PostgresQuery {
        PostgresQuery(Self.selectRows, [.array(PostgresArray(orderIDs))])
    }

    /// The rows of orders; orders without a row are missing.
    ///
    /// - Parameter result: the answer to ``reading(_:)``.
    func rows(in result: PostgresResult) throws -> [ExactText: ProjectedOrder] {
        var rows: [ExactText: ProjectedOrder] = [:]
        rows.reserveCapacity(result.count)
        for row in 0..<result.count {
            // A row that no order can have was not written by a projector; without it the order is read from the event
            // store.
            guard let order = try RowReader(rows: result, row: row).order() else { continue }
            rows[ExactText(order.orderID)] = order
        }
        return rows
    }

    /// The last sequence numbers of the rows of these orders; orders without a row are missing.
    func lastSequenceNumbers(of orderIDs: [String]) throws -> [ExactText: Int64] {
        guard !orderIDs.isEmpty else { return [:] }
        let result = try connection.query(Self.selectSequenceNumbers, [.array(PostgresArray(orderIDs))])
        var numbers: [ExactText: Int64] = [:]
        numbers.reserveCapacity(result.count)
        for row in 0..<result.count {
            let orderID = try result.string(row, RowColumn.orderID.rawValue)
            numbers[ExactText(orderID)] = try result.int64(row, RowColumn.lastSequenceNumber.rawValue)
        }
        return numbers
    }
}

/// One row of a result with all columns.
private struct RowReader {
    let rows: PostgresResult
    let row: Int

    /// Nil if a column holds a value that no order can have.
    func order() throws(PostgresError) -> ProjectedOrder? {
        guard let price = Money(cents: try rows.int64(row, RowColumn.totalPriceCents.rawValue)),
            let payment = PaymentStatus(projected: try rows.int32(row, RowColumn.paymentStatus.rawValue)),
            let shipping = ShippingStatus(projected: try rows.int32(row, RowColumn.shippingStatus.rawValue))
        else { return nil }
        let details = OrderDetails(
            customerID: try text(.customerID), vendorID: try text(.vendorID), productID: try text(.productID),
            quantity: try rows.int32(row, RowColumn.quantity.rawValue), totalPrice: price,
            paymentMethod: try text(.paymentMethod))
        let state = OrderState(
            details: details, paymentStatus: payment, shippingStatus: shipping,
            paymentFailureReason: rows.optionalString(row, RowColumn.paymentFailureReason.rawValue),
            cancellationReason: rows.optionalString(row, RowColumn.cancellationReason.rawValue))
        return ProjectedOrder(
            orderID: try text(.orderID), lastSequenceNumber: try rows.int64(row, RowColumn.lastSequenceNumber.rawValue),
            state: state,
            createdAt: try rows.timestampMicroseconds(row, RowColumn.createdAt.rawValue),
            updatedAt: try rows.timestampMicroseconds(row, RowColumn.updatedAt.rawValue))
    }

    private func text(_ column: RowColumn) throws(PostgresError) -> String {
        try rows.string(row, column.rawValue)
    }
}

// MARK: - Writing

extension ProjectionStore {
    private static let upserts = RowTable.allCases.map { upsert($0) }

    /// Rows come sorted by id, so that two members that write the same orders cannot deadlock.
    private static func upsert(_ table: RowTable) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO \(table.name) AS p (order_id, last_sequence_number, customer_id, vendor_id, product_id,
                quantity, total_price_cents, payment_method, payment_status, shipping_status, payment_failure_reason,
                cancellation_reason, created_at, updated_at)
            SELECT * FROM unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::int4[], $7::int8[],
                $8::text[], $9::int4[], $10::int4[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[])
            ON CONFLICT (order_id) DO UPDATE
            SET last_sequence_number = excluded.last_sequence_number, customer_id = excluded.customer_id,
                vendor_id = excluded.vendor_id,
                product_id = excluded.product_id, quantity = excluded.quantity,
                total_price_cents = excluded.total_price_cents, payment_method = excluded.payment_method,
                payment_status = excluded.payment_status, shipping_status = excluded.shipping_status,
                payment_failure_reason = excluded.payment_failure_reason,
                cancellation_reason = excluded.cancellation_reason, created_at = excluded.created_at,
                updated_at = excluded.updated_at
            WHERE p.last_sequence_number < excluded.last_sequence_number
            RETURNING order_id
            """)
    }

    /// Writes the rows whose last sequence number is above the stored one. Returns the ids of those.
    func write(_ orders: [ProjectedOrder], to table: RowTable = .live) throws -> [String] {
        guard !orders.isEmpty else { return [] }
        var columns = RowWriter(reserving: orders.count)
        for index in sortedByID(orders) { columns.append(orders[index]) }
        let written = try connection.query(Self.upserts[table.rawValue], columns.parameters)
        return try (0..<written.count).map { try written.string($0, RowColumn.orderID.rawValue) }
    }

    /// Writes what can be written, for a batch in which Postgres refused something. Returns the ids of what changed.
    func write(
        oneByOne orders: [ProjectedOrder], to table: RowTable = .live, _ refused: inout [UnreadableReport]
    ) throws -> [String] {
        var written: [String] = []
        for order in sortedByID(orders).map({ orders[$0] }) {
            try connection.execute("SAVEPOINT one_order")
            do {
                written += try write([order], to: table)
                try connection.execute("RELEASE SAVEPOINT one_order")
            } catch let error as PostgresError where error.isAboutData {
                try connection.execute("ROLLBACK TO SAVEPOINT one_order")
                refused.append(UnreadableReport(place: "order \(order.orderID)", problem: error.description))
            }
        }
        return written
    }
}

/// The indices of the orders in the byte order of their ids. To move the orders themselves, with all their texts, took
/// a sixth of the projector's time.
private func sortedByID(_ orders: [ProjectedOrder]) -> [Int] {
    let ids = orders.map { ExactText($0.orderID) }
    return ids.indices.sorted { ids[$0] < ids[$1] }
}

/// The rows of one upsert, one array per column.
private struct RowWriter {
    private var columns: [PostgresArray]

    init(reserving rows: Int) {
        columns = RowColumn.allCases.map { PostgresArray($0.type, reserving: rows) }
    }

    mutating func append(_ order: ProjectedOrder) {
        let details = order.state.details
        self[.orderID].append(order.orderID)
        self[.lastSequenceNumber].append(order.lastSequenceNumber)
        self[.customerID].append(details.customerID)
        self[.vendorID].append(details.vendorID)
        self[.productID].append(details.productID)
        self[.quantity].append(Int64(details.quantity))
        self[.totalPriceCents].append(details.totalPrice.cents)
        self[.paymentMethod].append(details.paymentMethod)
        self[.paymentStatus].append(Int64(order.state.paymentStatus.projected))
        self[.shippingStatus].append(Int64(order.state.shippingStatus.projected))
        append(order.state.paymentFailureReason, to: .paymentFailureReason)
        append(order.state.cancellationReason, to: .cancellationReason)
        self[.createdAt].append(microsecondsSince1970: order.createdAt)
        self[.updatedAt].append(microsecondsSince1970: order.updatedAt)
    }

    private mutating func append(_ text: String?, to column: RowColumn) {
        if let text { self[column].append(text) } else { self[column].appendNull() }
    }

    private subscript(column: RowColumn) -> PostgresArray {
        get { columns[column.rawValue] }
        _modify { yield &columns[column.rawValue] }
    }

    var parameters: [PostgresParameter] { columns.map { .array($0) } }
}

extension PostgresError {
    /// Whether the values of a statement are at fault: data exceptions, violated constraints, rows too large for an
    /// index.
    var isAboutData: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("23") || sqlState.hasPrefix("54")
    }
}
