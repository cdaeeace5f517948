import Orders

/// What the payment of an order needs next, told by the order's state alone.
///
/// Since nothing but the state counts, it does not matter who asks or how often: a message that comes twice, a recovery
/// pass, or the next process after a crash all go on where the order is.
enum PaymentStep: Hashable {
    /// Paid, failed, cancelled before anybody asked the gateway, or not an order at all.
    case nothing
    case initiate
    /// The gateway must be asked, or asked again: nobody recorded its answer.
    case charge(PaymentRequest)
    /// The order was cancelled after the gateway was asked: whatever the gateway took must go back, and a late answer
    /// counts for nothing.
    case void

    init(_ orderID: String, _ order: OrderState?) {
        guard let order else {
            self = .nothing
            return
        }
        switch (order.paymentStatus, isCancelled: order.shippingStatus == .cancelled) {
        case (.pending, false): self = .initiate
        case (.initiated, false):
            self = .charge(
                PaymentRequest(
                    orderID: orderID, amount: order.details.totalPrice, paymentMethod: order.details.paymentMethod))
        case (.initiated, true), (.paid, true): self = .void
        case (.paid, false), (.failed, _), (.pending, true): self = .nothing
        }
    }
}
