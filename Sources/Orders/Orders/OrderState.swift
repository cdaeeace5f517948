/// The current state of one order, folded from its events by ``evolve(_:_:)``.
public struct OrderState: Hashable, Sendable {
    /// What was ordered; the same from the first event on.
    public var details: OrderDetails
    /// `pending` until the payment gateway is asked.
    public var paymentStatus: PaymentStatus
    /// `waitingForPayment` until the order is paid.
    public var shippingStatus: ShippingStatus
    /// Why the payment failed; nil unless ``paymentStatus`` is `failed`.
    public var paymentFailureReason: String?
    /// Why the order was cancelled; nil unless ``shippingStatus`` is `cancelled`.
    public var cancellationReason: String?

    /// The defaults are the state of an order that was just placed.
    public init(
        details: OrderDetails,
        paymentStatus: PaymentStatus = .pending,
        shippingStatus: ShippingStatus = .waitingForPayment,
        paymentFailureReason: String? = nil,
        cancellationReason: String? = nil
    ) {
        self.details = details
        self.paymentStatus = paymentStatus
        self.shippingStatus = shippingStatus
        self.paymentFailureReason = paymentFailureReason
        self.cancellationReason = cancellationReason
    }

    /// Whether the order is delivered or cancelled: no command changes it any more, and a watcher can stop watching.
    public var isFinal: Bool { shippingStatus == .delivered || shippingStatus == .cancelled }
}

/// The progress of an order's payment. `paid` and `failed` are final.
public enum PaymentStatus: Hashable, Sendable, CaseIterable {
    /// The order is placed; the gateway has not been asked.
    case pending
    /// The gateway has been asked and has not answered.
    case initiated
    /// The gateway took the money.
    case paid
    /// The gateway declined.
    case failed
}

/// The progress of an order's goods. `delivered` and `cancelled` are final.
public enum ShippingStatus: Hashable, Sendable, CaseIterable {
    /// The order is placed and not paid.
    case waitingForPayment
    /// The order is paid; the goods have not left.
    case waitingForShipment
    /// The goods are on their way to the customer.
    case inTransit
    /// The customer has the goods.
    case delivered
    /// The order was cancelled before it was delivered.
    case cancelled
}
