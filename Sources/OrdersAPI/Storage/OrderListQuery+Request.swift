import OrdersProto

extension OrderListQuery {
    /// - Throws: ``APIError`` that names every field at fault.
    init(_ request: Orders_V1_ListOrdersRequest) throws(APIError) {
        var validation = RequestValidation()
        if request.hasLimit { validation.range("limit", request.limit, APILimits.listPageOrders) }
        self.init(
            limit: Int(request.hasLimit ? request.limit : APILimits.defaultListPageOrders),
            start: .offset(request.offset))
        try validation.finish()
    }
}
