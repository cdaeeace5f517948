public import Orders
package import OrdersProto
package import SwiftProtobuf

/// Converts the domain's events to protobuf and back. The event store, the outbox and Kafka hold the same bytes.
public enum EventCodec {
    /// - Parameter microsecondsSince1970: when the event happened; the message holds it.
    /// - Throws: ``EventStoreError/internal(_:)`` if the message cannot be serialized.
    public static func encode(
        _ event: OrderEvent, orderID: String, at microsecondsSince1970: Int64
    ) throws(EventStoreError) -> (type: EventType, bytes: [UInt8]) {
        let time = Google_Protobuf_Timestamp(microsecondsSince1970: microsecondsSince1970)
        do {
            let bytes: [UInt8] =
                switch event {
                case .placed(let details):
                    try Orders_V1_OrderPlaced(details, orderID: orderID, at: time).serializedBytes()
                case .paymentInitiated:
                    try Orders_V1_OrderPaymentInitiated(orderID: orderID, at: time).serializedBytes()
                case .paid:
                    try Orders_V1_OrderPaid(orderID: orderID, at: time).serializedBytes()
                case .paymentFailed(let reason):
                    try Orders_V1_OrderPaymentFailed(reason, orderID: orderID, at: time).serializedBytes()
                case .cancelled(let reason):
                    try Orders_V1_OrderCancelled(reason, orderID: orderID, at: time).serializedBytes()
                case .shippingStatusUpdated(let status):
                    try Orders_V1_OrderShippingStatusUpdated(status, orderID: orderID, at: time).serializedBytes()
                }
            return (event.type, bytes)
        } catch {
            throw .internal("an event cannot be encoded: \(error)")
        }
    }

    /// - Throws: ``EventStoreError/internal(_:)`` naming the event type, for an unknown type or for bytes that are not
    ///   such an event.
    public static func decode(_ eventType: String, _ bytes: [UInt8]) throws(EventStoreError) -> OrderEvent {
        guard let type = EventType(rawValue: eventType) else { throw .internal("unknown event type '\(eventType)'") }
        return try decode(type, bytes)
    }

    static func decode(_ type: EventType, _ bytes: [UInt8]) throws(EventStoreError) -> OrderEvent {
        try read(type, bytes).event
    }

    /// Decodes a payload from Kafka with the order and the time that it names.
    ///
    /// - Throws: as ``decode(_:_:)``.
    public static func read(_ eventType: String, _ bytes: [UInt8]) throws(EventStoreError) -> ToldEvent {
        guard let type = EventType(rawValue: eventType) else { throw .internal("unknown event type '\(eventType)'") }
        return try read(type, bytes)
    }

    private static func read(_ type: EventType, _ bytes: [UInt8]) throws(EventStoreError) -> ToldEvent {
        let told: ToldEvent?
        do {
            switch type {
            case .placed:
                let message = try Orders_V1_OrderPlaced(serializedBytes: bytes)
                told = ToldEvent(message.orderID, message.occurredAt, OrderDetails(message).map { .placed($0) })
            case .paymentInitiated:
                let message = try Orders_V1_OrderPaymentInitiated(serializedBytes: bytes)
                told = ToldEvent(message.orderID, message.occurredAt, .paymentInitiated)
            case .paid:
                let message = try Orders_V1_OrderPaid(serializedBytes: bytes)
                told = ToldEvent(message.orderID, message.occurredAt, .paid)
            case .paymentFailed:
                let message = try Orders_V1_OrderPaymentFailed(serializedBytes: bytes)
                told = ToldEvent(message.orderID, message.occurredAt, .paymentFailed(reason: message.reason))
            case .cancelled:
                let message = try Orders_V1_OrderCancelled(serializedBytes: bytes)
                told = ToldEvent(message.orderID, message.occurredAt, .cancelled(reason: message.reason))
            case .shippingStatusUpdated:
                let message = try Orders_V1_OrderShippingStatusUpdated(serializedBytes: bytes)
                told = ToldEvent(
                    message.orderID, message.occurredAt,
                    ShippingStatus(message.status).map { .shippingStatusUpdated($0) })
            }
        } catch {
            throw .internal("\(type.rawValue) cannot be decoded: \(error)")
        }
        guard let told else { throw .internal("\(type.rawValue) holds a value that no order can have") }
        return told
    }
}

// MARK: - From the domain to messages

extension Google_Protobuf_Timestamp {
    /// - Parameter microsecondsSince1970: negative before 1970.
    package init(microsecondsSince1970 value: Int64) {
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000)
        // Before 1970 the remainder is negative, but the nanoseconds of a timestamp never are.
        let borrow: Int64 = rest < 0 ? 1 : 0
        self.init(seconds: seconds - borrow, nanos: Int32((rest + borrow * 1_000_000) * 1000))
    }

    /// Nil if out of range.
    var microsecondsSince1970: Int64? {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow, (0..<1_000_000_000).contains(nanos) else { return nil }
        let (sum, sumOverflow) = value.addingReportingOverflow(Int64(nanos) / 1000)
        return sumOverflow ? nil : sum
    }
}

extension Orders_V1_OrderPlaced {
    package init(_ details: OrderDetails, orderID: String, at time: Google_Protobuf_Timestamp) {
        self.init()
        self.orderID = orderID
        occurredAt = time
        customerID = details.customerID
        vendorID = details.vendorID
        productID = details.productID
        quantity = details.quantity
        totalPriceCents = details.totalPrice.cents
        paymentMethod = details.paymentMethod
    }
}

extension Orders_V1_OrderPaymentInitiated {
    package init(orderID: String, at time: Google_Protobuf_Timestamp) {
        self.init()
        (self.orderID, occurredAt) = (orderID, time)
    }
}

extension Orders_V1_OrderPaid {
    package init(orderID: String, at time: Google_Protobuf_Timestamp) {
        self.init()
        (self.orderID, occurredAt) = (orderID, time)
    }
}

extension Orders_V1_OrderPaymentFailed {
    package init(_ reason: String, orderID: String, at time: Google_Protobuf_Timestamp) {
        self.init()
        (self.orderID, occurredAt, self.reason) = (orderID, time, reason)
    }
}

extension Orders_V1_OrderCancelled {
    package init(_ reason: String, orderID: String, at time: Google_Protobuf_Timestamp) {
        self.init()
        (self.orderID, occurredAt, self.reason) = (orderID, time, reason)
    }
}

extension Orders_V1_OrderShippingStatusUpdated {
    package init(_ status: ShippingStatus, orderID: String, at time: Google_Protobuf_Timestamp) {
        self.init()
        (self.orderID, occurredAt, self.status) = (orderID, time, Orders_V1_ShippingStatus(status))
    }
}

extension Orders_V1_ShippingStatus {
    package init(_ status: ShippingStatus) {
        switch status {
        case .waitingForPayment: self = .waitingForPayment
        case .waitingForShipment: self = .waitingForShipment
        case .inTransit: self = .inTransit
        case .delivered: self = .delivered
        case .cancelled: self = .cancelled
        }
    }
}

// MARK: - From messages to the domain

extension OrderDetails {
    /// Nil if the price is out of the range of ``Orders/Money``.
    fileprivate init?(_ message: Orders_V1_OrderPlaced) {
        guard let price = Money(cents: message.totalPriceCents) else { return nil }
        self.init(
            customerID: message.customerID, vendorID: message.vendorID, productID: message.productID,
            quantity: message.quantity, totalPrice: price, paymentMethod: message.paymentMethod)
    }
}

extension ShippingStatus {
    /// Nil for `UNSPECIFIED` and for values of a newer schema.
    fileprivate init?(_ message: Orders_V1_ShippingStatus) {
        switch message {
        case .waitingForPayment: self = .waitingForPayment
        case .waitingForShipment: self = .waitingForShipment
        case .inTransit: self = .inTransit
        case .delivered: self = .delivered
        case .cancelled: self = .cancelled
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}
