/// The events that `command` causes for an order in `state`; nil is an order that does not exist.
///
/// A success has at least one event. A command that would change nothing is rejected with a reason of its own
/// (`alreadyPaid`, `alreadyCancelled`, ...), so that a redelivered command is recognised and harmless.
public func decide(_ command: OrderCommand, _ state: OrderState?) -> Result<[OrderEvent], OrderRejection> {
    if case .place(let details) = command {
        return decidePlacement(details, state)
    }
    guard let order = state else {
        return .failure(OrderRejection(.orderNotFound, field: "order_id", "order_id: there is no such order"))
    }
    switch command {
    case .place: return .failure(alreadyPlaced)
    case .cancel(let reason): return decideCancellation(reason, order)
    case .updateShippingStatus(let status): return decideShipping(status, order)
    case .initiatePayment: return decidePaymentInitiation(order)
    case .recordPayment: return decidePayment(order, .paid)
    case .recordPaymentFailure(let reason): return decidePayment(order, .paymentFailed(reason: reason))
    }
}

private let alreadyPlaced = OrderRejection(.alreadyPlaced, field: "order_id", "order_id: the order is already placed")

private func decidePlacement(_ details: OrderDetails, _ state: OrderState?) -> Result<[OrderEvent], OrderRejection> {
    guard state == nil else { return .failure(alreadyPlaced) }
    if let problem = OrderLimits.problem(ofIdentifier: details.customerID) { return invalid("customer_id", problem) }
    if let problem = OrderLimits.problem(ofIdentifier: details.vendorID) { return invalid("vendor_id", problem) }
    if let problem = OrderLimits.problem(ofIdentifier: details.productID) { return invalid("product_id", problem) }
    if let problem = OrderLimits.problem(ofIdentifier: details.paymentMethod) {
        return invalid("payment_method", problem)
    }
    guard details.quantity > 0 else { return invalid("quantity", "must be more than zero") }
    guard details.totalPrice.cents > 0 else { return invalid("total_price", "must be more than zero") }
    return .success([.placed(details)])
}

private func decideCancellation(_ reason: String, _ order: OrderState) -> Result<[OrderEvent], OrderRejection> {
    if let problem = OrderLimits.problem(ofReason: reason) { return invalid("reason", problem) }
    if let refusal = refusalOfFinished(order, "cannot be cancelled") { return .failure(refusal) }
    return .success([.cancelled(reason: reason)])
}

private func decideShipping(_ status: ShippingStatus, _ order: OrderState) -> Result<[OrderEvent], OrderRejection> {
    switch status {
    case .inTransit, .delivered: break
    case .cancelled: return invalid("status", "an order is cancelled by CancelOrder, not through its shipping status")
    case .waitingForPayment, .waitingForShipment: return invalid("status", "must be IN_TRANSIT or DELIVERED")
    }
    if let refusal = refusalOfFinished(order, "cannot be shipped") { return .failure(refusal) }
    guard order.paymentStatus == .paid else {
        return .failure(
            OrderRejection(.notPaid, field: "status", "status: the order is not paid, so it cannot be shipped"))
    }
    guard order.shippingStatus != status else {
        return .failure(OrderRejection(.shippingNotForward, field: "status", "status: the order is already in transit"))
    }
    return .success([.shippingStatusUpdated(status)])
}

private func decidePaymentInitiation(_ order: OrderState) -> Result<[OrderEvent], OrderRejection> {
    if let refusal = refusalOfFinished(order, "cannot be paid") ?? refusalOfSettled(order) { return .failure(refusal) }
    guard order.paymentStatus == .pending else {
        return .failure(OrderRejection(.paymentAlreadyInitiated, "the payment of this order is already initiated"))
    }
    return .success([.paymentInitiated])
}

private func decidePayment(_ order: OrderState, _ outcome: OrderEvent) -> Result<[OrderEvent], OrderRejection> {
    if case .paymentFailed(let reason) = outcome, let problem = OrderLimits.problem(ofReason: reason) {
        return invalid("reason", problem)
    }
    if let refusal = refusalOfFinished(order, "cannot be paid") ?? refusalOfSettled(order) { return .failure(refusal) }
    guard order.paymentStatus == .initiated else {
        return .failure(OrderRejection(.paymentNotInitiated, "the payment of this order has not been initiated"))
    }
    return .success([outcome])
}

/// The rejection of any change to an order that is cancelled or delivered; nil for other orders.
private func refusalOfFinished(_ order: OrderState, _ consequence: String) -> OrderRejection? {
    switch order.shippingStatus {
    case .cancelled: OrderRejection(.alreadyCancelled, "the order is cancelled and \(consequence)")
    case .delivered: OrderRejection(.alreadyDelivered, "the order is delivered and \(consequence)")
    case .waitingForPayment, .waitingForShipment, .inTransit: nil
    }
}

/// The rejection of a payment that is already decided; nil if it is not.
private func refusalOfSettled(_ order: OrderState) -> OrderRejection? {
    switch order.paymentStatus {
    case .paid: OrderRejection(.alreadyPaid, "the order is already paid")
    case .failed: OrderRejection(.paymentAlreadyFailed, "the payment of this order has already failed")
    case .pending, .initiated: nil
    }
}

private func invalid(_ field: String, _ problem: String) -> Result<[OrderEvent], OrderRejection> {
    .failure(OrderRejection(.invalidArgument, field: field, "\(field): \(problem)"))
}
