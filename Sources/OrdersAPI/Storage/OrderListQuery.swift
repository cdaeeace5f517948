import OrdersProto
import SwiftProtobuf

/// Which orders a page of the list shows, newest first.
struct OrderListQuery: Hashable, Sendable {
    /// Where a page starts.
    enum Start: Hashable, Sendable {
        /// After so many orders.
        case offset(UInt32)
        /// After the order that the page before ended with; nil is the first page.
        case after(PageToken?)
    }

    /// How many orders the page has at most.
    var limit: Int
    var start: Start
    /// Empty and unspecified ones do not filter.
    var customerID = ""
    var vendorID = ""
    var paymentStatus: Orders_V1_PaymentStatus = .unspecified
    var shippingStatus: Orders_V1_ShippingStatus = .unspecified

    var isKeyset: Bool {
        if case .after = start { true } else { false }
    }

    /// How many rows to read: on a keyset page one more than it has, to see whether there is another page.
    var rows: Int { isKeyset ? limit + 1 : limit }

    func token(after last: Orders_V1_OrderSummary) -> PageToken {
        PageToken(
            createdAtMicroseconds: last.createdAt.seconds * 1_000_000 + Int64(last.createdAt.nanos / 1000),
            orderID: last.orderID, filterDigest: filterDigest)
    }

    /// FNV-1a over the filters: the same for the same filters, in every process.
    var filterDigest: UInt64 {
        let text = [customerID, vendorID, String(paymentStatus.rawValue), String(shippingStatus.rawValue)]
        return text.joined(separator: "\0").utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
