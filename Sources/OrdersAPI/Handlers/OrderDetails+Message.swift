import Orders
import OrdersProto
import SwiftProtobuf

extension Orders_V1_OrderDetails {
    init(_ order: StoredOrder, orderID: String) {
        self.init()
        let details = order.state.details
        self.orderID = orderID
        customerID = details.customerID
        vendorID = details.vendorID
        productID = details.productID
        quantity = details.quantity
        totalPrice = details.totalPrice.wireValue
        paymentMethod = details.paymentMethod
        paymentStatus = Orders_V1_PaymentStatus(order.state.paymentStatus)
        shippingStatus = Orders_V1_ShippingStatus(order.state.shippingStatus)
        version = order.version
        createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.createdAtMicroseconds)
        updatedAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.updatedAtMicroseconds)
        if let reason = order.state.paymentFailureReason { paymentFailureReason = reason }
        if let reason = order.state.cancellationReason { cancellationReason = reason }
    }
}
