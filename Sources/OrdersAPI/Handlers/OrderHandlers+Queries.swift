import Orders
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func getOrder(_ request: Orders_V1_GetOrderRequest) async throws(APIError) -> Orders_V1_GetOrderResponse {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        try validation.finish()
        guard let order = try await store.load(request.orderID) else { throw Self.orderNotFound(request.orderID) }
        if request.hasMinVersion, order.version < request.minVersion {
            throw Self.versionNotReached(order.version, wanted: request.minVersion)
        }
        return .with { $0.order = Orders_V1_OrderDetails(order, orderID: request.orderID) }
    }

    func listOrders(_ request: Orders_V1_ListOrdersRequest) async throws(APIError) -> Orders_V1_ListOrdersResponse {
        let query = try OrderListQuery(request)
        let orders = try await list.orders(query)
        return .with { $0.orders = orders }
    }

    /// The event store is always current, so a version that is not there yet was never written (or not by us).
    private static func versionNotReached(_ actual: UInt32, wanted: UInt32) -> APIError {
        var error = APIError(
            .failedPrecondition, reason: "VERSION_NOT_REACHED",
            "min_version: the order is at version \(actual), not yet at \(wanted)")
        error.metadata = ["expected_version": "\(wanted)", "actual_version": "\(actual)"]
        return error
    }
}
