import OrdersProto
import SwiftProtobuf

/// Which orders a page of the list shows. The list is sorted by creation, newest first.
struct OrderListQuery: Hashable, Sendable {
    /// The most orders on the page.
    var limit: Int
    /// The number of orders to skip, counted from the start of the list or from `after`.
    var offset: UInt32 = 0
    /// Whether the answer holds the token of the next page.
    var isKeyset = false
    /// The order after which the page starts; nil for the first page.
    var after: PageToken?
    /// An empty filter, and an unspecified one, matches all orders.
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

    /// The number of rows to read. With tokens one more than the page shows, to learn whether there is another page.
    var rows: Int { isKeyset ? limit + 1 : limit }

    /// The token of the page that starts after this order.
    func token(after last: Orders_V1_OrderSummary) -> PageToken {
        PageToken(
            createdAtMicroseconds: last.createdAt.seconds * 1_000_000 + Int64(last.createdAt.nanos / 1000),
            orderID: last.orderID)
    }
}

// MARK: - From a request

extension OrderListQuery {
    /// - Throws: ``APIError`` that names every field at fault.
    init(_ request: Orders_V1_ListOrdersRequest) throws(APIError) {
        var validation = RequestValidation()
        let isKeyset = request.hasPageSize || !request.pageToken.isEmpty
        if request.hasLimit { validation.range("limit", request.limit, APILimits.listPageOrders) }
        validation.optionalIdentifier("customer_id", request.customerID)
        validation.optionalIdentifier("vendor_id", request.vendorID)
        validation.known("payment_status", request.paymentStatus)
        validation.known("shipping_status", request.shippingStatus)
        if request.hasAtLeast {
            validation.identifier("at_least.order_id", request.atLeast.orderID)
            validation.require(request.atLeast.version > 0, "at_least.version", "must be more than zero")
        }
        self.init(
            limit: Int(
                isKeyset ? Self.pageSize(request) : request.hasLimit ? request.limit : APILimits.defaultListPageOrders),
            offset: request.offset, isKeyset: isKeyset)
        (customerID, vendorID) = (request.customerID, request.vendorID)
        (paymentStatus, shippingStatus) = (request.paymentStatus, request.shippingStatus)
        if !request.pageToken.isEmpty { after = validation.pageToken(request.pageToken) }
        try validation.finish()
    }

    /// As AIP-158 demands, zero stands for the default, and a size above the maximum is reduced to it. A `limit` in the
    /// same request is an upper bound, too.
    private static func pageSize(_ request: Orders_V1_ListOrdersRequest) -> UInt32 {
        let most = request.hasLimit ? request.limit : APILimits.listPageOrders.upperBound
        return min(request.pageSize == 0 ? APILimits.defaultListPageOrders : request.pageSize, most)
    }
}

extension RequestValidation {
    fileprivate mutating func pageToken(_ text: String) -> PageToken? {
        let token = PageToken(text)
        require(token != nil, "page_token", "is not one that an earlier page ended with")
        return token
    }

    fileprivate mutating func known(_ field: String, _ status: Orders_V1_PaymentStatus) {
        if case .UNRECOGNIZED(let number) = status { require(false, field, "there is no payment status \(number)") }
    }

    fileprivate mutating func known(_ field: String, _ status: Orders_V1_ShippingStatus) {
        if case .UNRECOGNIZED(let number) = status { require(false, field, "there is no shipping status \(number)") }
    }
}
