import OrdersProto

extension OrderListQuery {
    /// - Throws: ``APIError`` that names every field at fault.
    init(_ request: Orders_V1_ListOrdersRequest) throws(APIError) {
        var validation = RequestValidation()
        let isKeyset = request.hasPageSize || !request.pageToken.isEmpty
        if request.hasLimit { validation.range("limit", request.limit, APILimits.listPageOrders) }
        let mixed = "cannot be used together with page_size or page_token"
        validation.require(!(isKeyset && request.hasLimit), "limit", mixed)
        validation.require(!(isKeyset && request.hasOffset), "offset", mixed)
        validation.optionalIdentifier("customer_id", request.customerID)
        validation.optionalIdentifier("vendor_id", request.vendorID)
        validation.known("payment_status", request.paymentStatus)
        validation.known("shipping_status", request.shippingStatus)
        if request.hasAtLeast {
            validation.identifier("at_least.order_id", request.atLeast.orderID)
            validation.require(request.atLeast.version > 0, "at_least.version", "must be more than zero")
        }
        self.init(
            limit: Int(isKeyset ? Self.pageSize(request) : request.hasLimit ? request.limit : APILimits.defaultListPageOrders),
            start: isKeyset ? .after(nil) : .offset(request.offset))
        (customerID, vendorID) = (request.customerID, request.vendorID)
        (paymentStatus, shippingStatus) = (request.paymentStatus, request.shippingStatus)
        if !request.pageToken.isEmpty { start = .after(validation.pageToken(request.pageToken, filterDigest)) }
        try validation.finish()
    }

    /// As AIP-158 wants it: zero asks for the default, and more than the most is cut down to it.
    private static func pageSize(_ request: Orders_V1_ListOrdersRequest) -> UInt32 {
        request.pageSize == 0 ? APILimits.defaultListPageOrders : min(request.pageSize, APILimits.listPageOrders.upperBound)
    }
}

extension RequestValidation {
    fileprivate mutating func pageToken(_ text: String, _ filterDigest: UInt64) -> PageToken? {
        guard let token = PageToken(text) else {
            require(false, "page_token", "is not one that an earlier page ended with")
            return nil
        }
        require(token.filterDigest == filterDigest, "page_token", "belongs to a list with other filters")
        return token
    }

    fileprivate mutating func known(_ field: String, _ status: Orders_V1_PaymentStatus) {
        if case .UNRECOGNIZED(let number) = status { require(false, field, "there is no payment status \(number)") }
    }

    fileprivate mutating func known(_ field: String, _ status: Orders_V1_ShippingStatus) {
        if case .UNRECOGNIZED(let number) = status { require(false, field, "there is no shipping status \(number)") }
    }
}
