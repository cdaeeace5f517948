/// A request to change one order. ``decide(_:_:)`` turns it into events or an ``OrderRejection``.
public enum OrderCommand: Hashable, Sendable {
    /// Create the order. Rejected when it exists already.
    case place(OrderDetails)
    /// Cancel an order that is not delivered. The reason has 1 to 1,024 characters.
    case cancel(reason: String)
    /// Move the goods of a paid order to `inTransit` or `delivered`; every other status is rejected.
    case updateShippingStatus(ShippingStatus)
    /// The payment process is about to ask the gateway for the money.
    case initiatePayment
    /// The gateway took the money.
    case recordPayment
    /// The gateway declined. The reason has 1 to 1,024 characters.
    case recordPaymentFailure(reason: String)
}

/// Why a command changes nothing. The reason is stable and meant for programs, the message for people.
public struct OrderRejection: Error, Hashable, Sendable {
    /// The raw values are part of the API: clients see them as the reason of `google.rpc.ErrorInfo`.
    public enum Reason: String, Sendable, CaseIterable {
        /// A value of the command is not acceptable in any state of the order.
        case invalidArgument = "INVALID_ARGUMENT"
        /// There are no events for this order.
        case orderNotFound = "ORDER_NOT_FOUND"
        /// The order exists, so it cannot be placed.
        case alreadyPlaced = "ORDER_ALREADY_PLACED"
        /// The order is cancelled, which is final.
        case alreadyCancelled = "ORDER_ALREADY_CANCELLED"
        /// The order is delivered, which is final.
        case alreadyDelivered = "ORDER_ALREADY_DELIVERED"
        /// The gateway has been asked already.
        case paymentAlreadyInitiated = "PAYMENT_ALREADY_INITIATED"
        /// The gateway has not been asked, so there is no outcome to record.
        case paymentNotInitiated = "PAYMENT_NOT_INITIATED"
        /// The order is paid, which is final for the payment.
        case alreadyPaid = "ORDER_ALREADY_PAID"
        /// The payment failed, which is final for the payment.
        case paymentAlreadyFailed = "PAYMENT_ALREADY_FAILED"
        /// Goods move only when the order is paid.
        case notPaid = "ORDER_NOT_PAID"
        /// The goods are already at the requested status or past it.
        case shippingNotForward = "SHIPPING_NOT_FORWARD"
    }

    /// What programs tell rejections apart by.
    public let reason: Reason
    /// The API field with the unacceptable value; nil if the state of the order is the cause.
    public let field: String?
    /// A sentence that names the field, safe to show to a client and to log.
    public let message: String

    /// - Parameters:
    ///   - field: the API field with the unacceptable value; nil if the state of the order is the cause.
    ///   - message: a sentence for people; it starts with the field's name if there is one.
    public init(_ reason: Reason, field: String? = nil, _ message: String) {
        self.reason = reason
        self.field = field
        self.message = message
    }
}
