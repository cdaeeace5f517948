import EventStore
import Orders
import OrdersProto
import SwiftProtobuf
import Values

// MARK: - Orders

extension OrderDetails {
    /// - Throws: INVALID_ARGUMENT that names every field at fault.
    init(_ request: Orders_V1_PlaceOrderRequest) throws(APIError) {
        var validation = RequestValidation()
        validation.identifier("customer_id", request.customerID)
        validation.identifier("vendor_id", request.vendorID)
        validation.identifier("product_id", request.productID)
        validation.require(request.quantity > 0, "quantity", "must be more than zero")
        let price = validation.price("total_price", request.totalPrice)
        validation.identifier("payment_method", request.paymentMethod)
        validation.requestID(request.requestID)
        try validation.finish()
        // Without a price there was a violation.
        guard let price else { throw APIError.internalError }
        self.init(
            customerID: request.customerID, vendorID: request.vendorID, productID: request.productID,
            quantity: request.quantity, totalPrice: price, paymentMethod: request.paymentMethod)
    }
}

extension Orders_V1_OrderDetails {
    /// The order as the API shows it.
    init(_ order: LoadedOrder) {
        self.init()
        let details = order.state.details
        orderID = order.orderID
        customerID = details.customerID
        vendorID = details.vendorID
        productID = details.productID
        quantity = details.quantity
        totalPrice = details.totalPrice.wireValue
        paymentMethod = details.paymentMethod
        paymentStatus = Orders_V1_PaymentStatus(order.state.paymentStatus)
        shippingStatus = Orders_V1_ShippingStatus(order.state.shippingStatus)
        version = UInt32(clamping: order.version)
        createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.createdAt)
        updatedAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.updatedAt)
        if let reason = order.state.paymentFailureReason { paymentFailureReason = reason }
        if let reason = order.state.cancellationReason { cancellationReason = reason }
    }
}

// MARK: - Events

extension Orders_V1_OrderEvent {
    /// The event as the API shows it.
    init(_ stored: StoredEvent) {
        self.init()
        sequenceNumber = UInt32(clamping: stored.sequenceNumber)
        eventID = stored.eventID.description
        eventType = stored.event.type.rawValue
        createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: stored.createdAt)
        payload = Self.payload(stored, createdAt)
    }

    /// The message of the event. The store records one time in the message and beside it.
    private static func payload(_ stored: StoredEvent, _ time: Google_Protobuf_Timestamp) -> OneOf_Payload {
        let orderID = stored.orderID
        return switch stored.event {
        case .placed(let details): .orderPlaced(.init(details, orderID: orderID, at: time))
        case .paymentInitiated: .orderPaymentInitiated(.init(orderID: orderID, at: time))
        case .paid: .orderPaid(.init(orderID: orderID, at: time))
        case .paymentFailed(let reason): .orderPaymentFailed(.init(reason, orderID: orderID, at: time))
        case .cancelled(let reason): .orderCancelled(.init(reason, orderID: orderID, at: time))
        case .shippingStatusUpdated(let status):
            .orderShippingStatusUpdated(.init(status, orderID: orderID, at: time))
        }
    }
}

// MARK: - Statuses and times

extension Orders_V1_PaymentStatus {
    init(_ status: PaymentStatus) {
        switch status {
        case .pending: self = .pending
        case .initiated: self = .initiated
        case .paid: self = .paid
        case .failed: self = .failed
        }
    }

    /// The names of the contract, which JSON uses.
    static let names: [(String, Orders_V1_PaymentStatus)] = [
        ("PAYMENT_STATUS_UNSPECIFIED", .unspecified), ("PAYMENT_STATUS_PENDING", .pending),
        ("PAYMENT_STATUS_INITIATED", .initiated), ("PAYMENT_STATUS_PAID", .paid), ("PAYMENT_STATUS_FAILED", .failed),
    ]

    /// The name of the contract; the number for a value of a newer schema.
    var jsonName: String { Self.names.first { $0.1 == self }?.0 ?? String(rawValue) }
}

extension Orders_V1_ShippingStatus {
    /// The names of the contract, which JSON uses.
    static let names: [(String, Orders_V1_ShippingStatus)] = [
        ("SHIPPING_STATUS_UNSPECIFIED", .unspecified), ("SHIPPING_STATUS_WAITING_FOR_PAYMENT", .waitingForPayment),
        ("SHIPPING_STATUS_WAITING_FOR_SHIPMENT", .waitingForShipment), ("SHIPPING_STATUS_IN_TRANSIT", .inTransit),
        ("SHIPPING_STATUS_DELIVERED", .delivered), ("SHIPPING_STATUS_CANCELLED", .cancelled),
    ]

    /// The name of the contract; the number for a value of a newer schema.
    var jsonName: String { Self.names.first { $0.1 == self }?.0 ?? String(rawValue) }
}

extension Google_Protobuf_Timestamp {
    /// As the JSON mapping of protobuf has it: `2024-01-01T10:00:00Z`, with as many decimals as needed.
    var rfc3339: String { CivilTime(secondsSince1970: seconds, nanosecond: Int64(nanos)).rfc3339() }
}
