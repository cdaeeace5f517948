/// What a customer orders; it never changes after the order is placed.
public struct OrderDetails: Hashable, Sendable {
    public var customerID: String
    public var vendorID: String
    public var productID: String
    /// More than zero.
    public var quantity: Int32
    /// More than zero.
    public var totalPrice: Money
    public var paymentMethod: String

    public init(
        customerID: String, vendorID: String, productID: String, quantity: Int32, totalPrice: Money,
        paymentMethod: String
    ) {
        self.customerID = customerID
        self.vendorID = vendorID
        self.productID = productID
        self.quantity = quantity
        self.totalPrice = totalPrice
        self.paymentMethod = paymentMethod
    }
}
