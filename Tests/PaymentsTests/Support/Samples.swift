import Orders

@testable import Payments

func details(method: String = "CREDIT_CARD") -> OrderDetails {
    OrderDetails(
        customerID: "customer", vendorID: "vendor", productID: "product", quantity: 1, totalPrice: Money(cents: 9_999)!,
        paymentMethod: method)
}
