import OrdersProto

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

    /// As AIP-158 wants it: zero asks for the default, and more than the most is cut down to it. A limit beside it is a
    /// bound, too.
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
