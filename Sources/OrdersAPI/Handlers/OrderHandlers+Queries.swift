import EventStore
import Orders
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func getOrder(_ request: Orders_V1_GetOrderRequest, _ call: CallContext) async throws(APIError) -> Orders_V1_GetOrderResponse {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        try validation.finish()
        let found = try await mapped("GetOrder") { () async throws(EventStoreError) in
            try await store.load(request.orderID)
        }
        guard let order = found else { throw APIError(EventStoreError.notFound(orderID: request.orderID)) }
        if request.hasMinVersion, order.version < request.minVersion {
            throw Self.versionNotReached(order.version, wanted: request.minVersion)
        }
        return .with { $0.order = Orders_V1_OrderDetails(order) }
    }

    func listOrders(
        _ request: Orders_V1_ListOrdersRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_ListOrdersResponse {
        let query = try OrderListQuery(request)
        let orders = try await list.orders(query)
        return .with { $0.orders = orders }
    }

    /// The event store is always current, so nobody has written that version yet.
    private static func versionNotReached(_ actual: Int64, wanted: UInt32) -> APIError {
        var error = APIError(
            .aborted, reason: "VERSION_NOT_REACHED", "min_version: the order is at version \(actual), not yet at \(wanted)")
        error.metadata = ["expected_version": "\(wanted)", "actual_version": "\(actual)"]
        return error
    }
}
