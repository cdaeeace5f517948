import OrdersProto

/// The read model of orders: the seam between the handlers and the projection. Each function throws ``APIError`` only.
protocol OrderList: Sendable {
    /// At most `query.rows` orders: on a keyset page one more than is shown.
    func orders(_ query: OrderListQuery) async throws(APIError) -> [Orders_V1_OrderSummary]

    /// The version of an order that the list shows; 0 if it does not show it yet.
    func version(of orderID: String) async throws(APIError) -> UInt32
}
