import Orders

/// One order: its events, its state, the row of the read model, and what differs between the two.
public struct OrderView: Codable, Sendable {
    /// The order's id.
    public var orderId: String
    /// How many events the order had when `state` was its state: the version that the API shows. 0 if there is none.
    public var version: Int64
    /// The order's version now: a larger number than `version` when an earlier version was asked for.
    public var newestVersion: Int64
    /// In their order.
    public var events: [OrderEventView]
    /// After the events up to `version`; nil if they do not begin with a placement, or cannot be read.
    public var state: OrderStateView?
    /// nil if the read model has no row of the order.
    public var projection: ProjectedView?
    /// How the read model's row differs from the events up to the row's version, a sentence each; empty if it does not.
    public var differences: [String]
    /// How many events the read model is behind; nil without a row.
    public var behind: Int64?
    /// Rows of the outbox for these events, as far as they are still there.
    public var messages: [OutboxEvent]
    /// What could not be found out, a sentence each.
    public var notes: [String]
}

/// One event of an order.
public struct OrderEventView: Codable, Sendable {
    /// From 0, without gaps.
    public var sequenceNumber: Int64
    /// As it is stored.
    public var eventType: String
    /// When the event store took it.
    public var recordedAt: Moment
    /// The message.
    public var payload: EventPayload
    /// The order after this event.
    public var state: OrderStateView?
}

/// The row of the read model.
public struct ProjectedView: Codable, Sendable {
    /// How many events the row contains.
    public var version: Int64
    /// The columns of the row.
    public var state: OrderStateView
    /// When the first event was recorded.
    public var createdAt: Moment
    /// When the last of its events was recorded.
    public var updatedAt: Moment
}

/// The state of an order in words.
public struct OrderStateView: Codable, Sendable, Equatable {
    /// The customer.
    public var customerId: String
    /// The vendor.
    public var vendorId: String
    /// The product.
    public var productId: String
    /// How many.
    public var quantity: Int32
    /// For all of them, in cents.
    public var totalPriceCents: Int64
    /// As it was ordered.
    public var paymentMethod: String
    /// `pending`, `initiated`, `paid` or `failed`.
    public var paymentStatus: String
    /// `waiting_for_payment`, `waiting_for_shipment`, `in_transit`, `delivered` or `cancelled`.
    public var shippingStatus: String
    /// nil unless the payment failed.
    public var paymentFailureReason: String?
    /// nil unless the order is cancelled.
    public var cancellationReason: String?

    init(_ state: OrderState) {
        customerId = state.details.customerID
        vendorId = state.details.vendorID
        productId = state.details.productID
        quantity = state.details.quantity
        totalPriceCents = state.details.totalPrice.cents
        paymentMethod = state.details.paymentMethod
        paymentStatus =
            switch state.paymentStatus {
            case .pending: "pending"
            case .initiated: "initiated"
            case .paid: "paid"
            case .failed: "failed"
            }
        shippingStatus =
            switch state.shippingStatus {
            case .waitingForPayment: "waiting_for_payment"
            case .waitingForShipment: "waiting_for_shipment"
            case .inTransit: "in_transit"
            case .delivered: "delivered"
            case .cancelled: "cancelled"
            }
        paymentFailureReason = state.paymentFailureReason
        cancellationReason = state.cancellationReason
    }

    /// Names and values of the fields, in the order of the type.
    public var fields: [(name: String, value: String)] {
        [
            ("customer_id", customerId), ("vendor_id", vendorId), ("product_id", productId),
            ("quantity", "\(quantity)"),
            ("total_price_cents", "\(totalPriceCents)"), ("payment_method", paymentMethod),
            ("payment_status", paymentStatus), ("shipping_status", shippingStatus),
            ("payment_failure_reason", paymentFailureReason ?? ""), ("cancellation_reason", cancellationReason ?? ""),
        ]
    }

    /// What is not the same in another state, a sentence each.
    func differences(from other: OrderStateView) -> [String] {
        zip(fields, other.fields).compactMap { mine, theirs in
            mine.value == theirs.value
                ? nil : "\(mine.name) is '\(mine.value)' in the read model and '\(theirs.value)' by the events"
        }
    }
}
