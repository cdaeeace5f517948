import Orders
import Postgres

/// The rows of one upsert, one array per column.
struct RowColumns {
    private var texts: [PostgresArray]
    private var versions: PostgresArray
    private var quantities: PostgresArray
    private var prices: PostgresArray
    private var statuses: [PostgresArray]
    private var reasons: [PostgresArray]
    private var times: [PostgresArray]

    init(reserving rows: Int) {
        // Order, customer, vendor, product, payment method.
        texts = (0..<5).map { _ in PostgresArray(.text, reserving: rows) }
        versions = PostgresArray(.int8, reserving: rows)
        quantities = PostgresArray(.int4, reserving: rows)
        prices = PostgresArray(.int8, reserving: rows)
        statuses = (0..<2).map { _ in PostgresArray(.int4, reserving: rows) }
        reasons = (0..<2).map { _ in PostgresArray(.text, reserving: rows) }
        times = (0..<2).map { _ in PostgresArray(.timestamptz, reserving: rows) }
    }

    mutating func append(_ order: ProjectedOrder) {
        let details = order.state.details
        texts[0].append(order.orderID)
        texts[1].append(details.customerID)
        texts[2].append(details.vendorID)
        texts[3].append(details.productID)
        texts[4].append(details.paymentMethod)
        versions.append(order.version)
        quantities.append(Int64(details.quantity))
        prices.append(details.totalPrice.cents)
        statuses[0].append(Int64(order.state.paymentStatus.projected))
        statuses[1].append(Int64(order.state.shippingStatus.projected))
        append(order.state.paymentFailureReason, toReasons: 0)
        append(order.state.cancellationReason, toReasons: 1)
        times[0].append(microsecondsSince1970: order.createdAt)
        times[1].append(microsecondsSince1970: order.updatedAt)
    }

    private mutating func append(_ reason: String?, toReasons index: Int) {
        if let reason { reasons[index].append(reason) } else { reasons[index].appendNull() }
    }

    /// In the order of the table's columns.
    var parameters: [PostgresParameter] {
        [
            texts[0], versions, texts[1], texts[2], texts[3], quantities, prices, texts[4], statuses[0], statuses[1],
            reasons[0],
            reasons[1], times[0], times[1],
        ].map { .array($0) }
    }
}
