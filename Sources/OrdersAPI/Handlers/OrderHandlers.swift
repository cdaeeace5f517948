import Orders
import OrdersProto

/// The service's methods, once: REST and gRPC are faces of these. Messages in, messages out, ``APIError`` otherwise.
struct OrderHandlers: Sendable {
    let store: any OrderStore
    let list: any OrderList

    static let orderNotFoundReason = OrderRejection.Reason.orderNotFound.rawValue

    static func orderNotFound(_ orderID: String) -> APIError {
        APIError(.notFound, reason: orderNotFoundReason, "order_id: there is no order \"\(orderID)\"")
    }
}
