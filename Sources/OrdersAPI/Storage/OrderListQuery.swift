import OrdersProto

/// Which orders a page of the list shows, newest first.
struct OrderListQuery: Hashable, Sendable {
    /// Where a page starts.
    enum Start: Hashable, Sendable {
        /// After so many orders.
        case offset(UInt32)
        /// After the order that the page before ended with.
        case after(PageToken)
    }

    var limit: Int
    var start: Start
    /// Empty and unspecified ones do not filter.
    var customerID = ""
    var vendorID = ""
    var paymentStatus: Orders_V1_PaymentStatus = .unspecified
    var shippingStatus: Orders_V1_ShippingStatus = .unspecified
}
