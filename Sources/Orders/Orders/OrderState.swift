/// An order as its events tell it.
public struct OrderState: Hashable, Sendable {
    public var details: OrderDetails
    public var paymentStatus: PaymentStatus
    public var shippingStatus: ShippingStatus
    /// Why the payment failed; nil unless ``paymentStatus`` is `failed`.
    public var paymentFailureReason: String?
    /// Why the order was cancelled; nil unless it is.
    public var cancellationReason: String?

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

    /// Whether nothing can happen to the goods any more: a watcher of the order may leave.
    public var isFinal: Bool { shippingStatus == .delivered || shippingStatus == .cancelled }
}
