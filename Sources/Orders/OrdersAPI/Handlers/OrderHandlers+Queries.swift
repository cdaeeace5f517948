import EventStore
import Orders
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func getOrder(_ request: Orders_V1_GetOrderRequest, _ call: CallContext) async throws(APIError)
        -> Orders_V1_GetOrderResponse
    {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        try validation.finish()
        let order = try await load(request.orderID, "GetOrder")
        if request.hasMinVersion, order.version < request.minVersion {
            throw Self.versionNotReached(order.version, wanted: request.minVersion)
        }
        return .with { $0.order = Orders_V1_OrderDetails(order) }
    }

    func listOrders(
        _ request: Orders_V1_ListOrdersRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_ListOrdersResponse {
        let query = try OrderListQuery(request)
        if request.hasAtLeast { try await waitForList(request.atLeast, until: call.deadline) }
        var orders = try await list.orders(query)
        var nextPageToken = ""
        if query.isKeyset, orders.count > query.limit {
            orders.removeLast()
            nextPageToken = orders.last.map { query.token(after: $0).text } ?? ""
        }
        return .with {
            $0.orders = orders
            $0.nextPageToken = nextPageToken
        }
    }

    /// The event store is always current, so nobody has written that version yet.
    static func versionNotReached(_ actual: Int64, wanted: UInt32, field: String = "min_version") -> APIError {
        var error = APIError(
            .aborted, reason: "VERSION_NOT_REACHED", "\(field): the order is at version \(actual), not yet at \(wanted)"
        )
        error.metadata = ["expected_version": "\(wanted)", "actual_version": "\(actual)"]
        return error
    }
}
