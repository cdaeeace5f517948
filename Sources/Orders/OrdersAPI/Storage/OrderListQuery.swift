import OrdersProto
import SwiftProtobuf

/// Which orders a page of the list shows, newest first.
struct OrderListQuery: Hashable, Sendable {
    /// How many orders the page has at most.
    var limit: Int
    /// How many orders to skip, from the first or from the one after which the page starts.
    var offset: UInt32 = 0
    /// Whether the page tells where the next one starts.
    var isKeyset = false
    /// The order after which the page starts; nil is the first page.
    var after: PageToken?
    /// Empty and unspecified ones do not filter.
    var customerID = ""
    var vendorID = ""
    var paymentStatus: Orders_V1_PaymentStatus = .unspecified
    var shippingStatus: Orders_V1_ShippingStatus = .unspecified

    init(limit: Int, offset: UInt32 = 0, isKeyset: Bool = false, after: PageToken? = nil) {
        self.limit = limit
        self.offset = offset
        self.isKeyset = isKeyset
        self.after = after
    }

    /// How many rows to read: on a keyset page one more than it has, to see whether there is another page.
    var rows: Int { isKeyset ? limit + 1 : limit }

    func token(after last: Orders_V1_OrderSummary) -> PageToken {
        PageToken(
            createdAtMicroseconds: last.createdAt.seconds * 1_000_000 + Int64(last.createdAt.nanos / 1000),
            orderID: last.orderID)
    }
}
