import Operations
import Orders
import Postgres

/// The rows of the read model in the byte order of their ids.
///
/// The meaning of its numbers is written out here and not taken from the projector, because the projector is checked.
final class ProjectionStream {
    private let rows: PostgresRowStream
    /// Whether there is a current row.
    private(set) var isAtRow = false

    private enum Column: Int, CaseIterable {
        case orderID, lastSequenceNumber, customerID, vendorID, productID, quantity, totalPriceCents, paymentMethod
        case paymentStatus, shippingStatus, paymentFailureReason, cancellationReason, createdAt, updatedAt
    }

    init(_ connection: PostgresConnection, _ request: AuditRequest) throws {
        let one = request.aggregateId.map { "WHERE order_id = \(PostgresConnection.quoteLiteral($0))" } ?? ""
        rows = try PostgresRowStream(
            connection, columns: Column.allCases.count,
            """
            SELECT order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
                   payment_method, payment_status::integer, shipping_status::integer, payment_failure_reason,
                   cancellation_reason,
                   created_at, updated_at
            FROM order_projection \(one) ORDER BY order_id
            """)
        _ = try next()
    }

    /// Goes to the next row; false behind the last one.
    func next() throws -> Bool {
        isAtRow = try rows.next()
        return isAtRow
    }

    var id: UnsafeRawBufferPointer { rows.bytes(Column.orderID.rawValue) }

    /// The last event that the row contains.
    func lastSequenceNumber() throws -> Int64 { try rows.int64(Column.lastSequenceNumber.rawValue) }

    /// The columns in which the current row is not this state.
    func differences(from state: OrderState?, createdAt: Int64, updatedAt: Int64) throws -> [String] {
        guard let state else { return ["order: there is no placement among the events"] }
        let details = state.details
        var wrong: [String] = []
        let check = { (name: String, isSame: Bool) in if !isSame { wrong.append(name) } }
        check("customer_id", isText(.customerID, details.customerID))
        check("vendor_id", isText(.vendorID, details.vendorID))
        check("product_id", isText(.productID, details.productID))
        check("quantity", try int32(.quantity) == details.quantity)
        check("total_price_cents", try rows.int64(Column.totalPriceCents.rawValue) == details.totalPrice.cents)
        check("payment_method", isText(.paymentMethod, details.paymentMethod))
        check("payment_status", try int32(.paymentStatus) == Self.number(state.paymentStatus))
        check("shipping_status", try int32(.shippingStatus) == Self.number(state.shippingStatus))
        check("payment_failure_reason", isText(.paymentFailureReason, state.paymentFailureReason))
        check("cancellation_reason", isText(.cancellationReason, state.cancellationReason))
        check("created_at", try time(.createdAt) == createdAt)
        check("updated_at", try time(.updatedAt) == updatedAt)
        return wrong
    }

    private func int32(_ column: Column) throws -> Int32 { try rows.int32(column.rawValue) }

    private func time(_ column: Column) throws -> Int64 {
        try rows.timestampMicroseconds(column.rawValue)
    }

    /// Compared byte by byte; an absent text is NULL.
    private func isText(_ column: Column, _ text: String?) -> Bool {
        guard let text else { return rows.isNull(column.rawValue) }
        return !rows.isNull(column.rawValue) && rows.bytes(column.rawValue).elementsEqual(text.utf8)
    }

    private static func number(_ status: PaymentStatus) -> Int32 {
        switch status {
        case .pending: 1
        case .initiated: 2
        case .paid: 3
        case .failed: 4
        }
    }

    private static func number(_ status: ShippingStatus) -> Int32 {
        switch status {
        case .waitingForPayment: 1
        case .waitingForShipment: 2
        case .inTransit: 3
        case .delivered: 4
        case .cancelled: 5
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The order of Postgres's collation "C".
    func isBefore(_ other: UnsafeRawBufferPointer) -> Bool { lexicographicallyPrecedes(other) }
}
