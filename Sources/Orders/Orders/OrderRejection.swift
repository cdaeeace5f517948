/// Why a command does not happen. The reason is stable and meant for programs, the message for people.
public struct OrderRejection: Error, Hashable, Sendable {
    public enum Reason: String, Sendable, CaseIterable {
        /// A value of the command is not acceptable, whatever the order's state.
        case invalidArgument = "INVALID_ARGUMENT"
        case orderNotFound = "ORDER_NOT_FOUND"
        case alreadyPlaced = "ORDER_ALREADY_PLACED"
        case alreadyCancelled = "ORDER_ALREADY_CANCELLED"
        case alreadyDelivered = "ORDER_ALREADY_DELIVERED"
        case paymentAlreadyInitiated = "PAYMENT_ALREADY_INITIATED"
        case paymentNotInitiated = "PAYMENT_NOT_INITIATED"
        case alreadyPaid = "ORDER_ALREADY_PAID"
        case paymentAlreadyFailed = "PAYMENT_ALREADY_FAILED"
        case notPaid = "ORDER_NOT_PAID"
        /// The goods are already at, or past, the status asked for.
        case shippingNotForward = "SHIPPING_NOT_FORWARD"
    }

    public let reason: Reason
    /// The field of the API that is at fault; nil if it is the order's state.
    public let field: String?
    /// A sentence that names the field, safe to show and to log.
    public let message: String

    public init(_ reason: Reason, field: String? = nil, _ message: String) {
        self.reason = reason
        self.field = field
        self.message = message
    }
}
