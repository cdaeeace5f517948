import Orders

/// The orders and reasons that the tests of this target talk about.
enum Sample {
    static let details = OrderDetails(
        customerID: "customer", vendorID: "vendor", productID: "product", quantity: 5,
        totalPrice: Money(cents: 9_999)!, paymentMethod: "CREDIT_CARD")
    static let reason = "because"
    static let placed = OrderState(details: details)
}
