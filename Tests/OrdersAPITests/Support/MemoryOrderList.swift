import EventStore
import Orders
import OrdersProto
import SwiftProtobuf

@testable import OrdersAPI

/// A list that shows what a memory store holds, at once.
struct MemoryOrderList: OrderList {
    let store: MemoryOrderStore

    func orders(_ query: OrderListQuery) async throws(APIError) -> [Orders_V1_OrderSummary] {
        let all: [LoadedOrder]
        do { all = try store.all() } catch { throw APIError(error) }
        let sorted = all.sorted { ($0.createdAt, $0.orderID) > ($1.createdAt, $1.orderID) }
        let page = sorted.drop { order in
            guard let token = query.after else { return false }
            return (order.createdAt, order.orderID) >= (token.createdAtMicroseconds, token.orderID)
        }
        return page.dropFirst(Int(query.offset)).prefix(query.rows).map { order in
            .with {
                $0.orderID = order.orderID
                $0.customerID = order.state.details.customerID
                $0.vendorID = order.state.details.vendorID
                $0.version = UInt32(clamping: order.version)
                $0.paymentStatus = Orders_V1_PaymentStatus(order.state.paymentStatus)
                $0.shippingStatus = Orders_V1_ShippingStatus(order.state.shippingStatus)
                $0.createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.createdAt)
                $0.updatedAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.updatedAt)
            }
        }
    }

    func version(of orderID: String) async throws(APIError) -> UInt32 {
        do {
            return UInt32(clamping: try await store.loading(orderID).await().get()?.version ?? 0)
        } catch {
            throw APIError(error)
        }
    }
}
