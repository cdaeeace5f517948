import Orders

/// What the payment of an order needs next, told by the order's state alone.
///
/// Since only the state counts, it does not matter why or how often an order is worked on: a message that comes twice,
/// a recovery pass and the next process after a crash all go on where the order is.
enum PaymentStep: Hashable {
    /// The order is paid, failed, or was cancelled before the gateway was asked; or it does not exist.
    case nothing
    /// Record that the gateway is about to be asked.
    case initiate
    /// Ask the gateway, possibly again: no answer is recorded.
    case charge(PaymentRequest)
    /// The order was cancelled after the gateway was asked: the gateway must give back what it took, and a late answer
    /// is ignored.
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

/// How the work on one order ended.
enum PaymentEnd: Hashable, Sendable {
    /// The order was settled before, or does not exist.
    case nothingToDo
    case paid
    case declined
    /// The order was cancelled: the gateway gave back what it took.
    case voided
    /// Not settled; to be tried again later.
    case failed(String)
}
