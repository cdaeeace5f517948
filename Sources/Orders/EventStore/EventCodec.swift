public import Orders
import OrdersProto
import SwiftProtobuf

/// Between the domain's events and their bytes, the same bytes in the event store, in the outbox and on Kafka.
public enum EventCodec {
    /// - Parameter microsecondsSince1970: when it happened; written into the message.
    public static func encode(
        _ event: OrderEvent, orderID: String, at microsecondsSince1970: Int64
    ) throws(EventStoreError) -> (type: EventType, bytes: [UInt8]) {
        let time = Google_Protobuf_Timestamp(microsecondsSince1970: microsecondsSince1970)
        do {
            switch event {
            case .placed(let details):
                return (.placed, try Orders_V1_OrderPlaced(details, orderID: orderID, time).serializedBytes())
            case .paymentInitiated:
                let message = Orders_V1_OrderPaymentInitiated.with { ($0.orderID, $0.occurredAt) = (orderID, time) }
                return (.paymentInitiated, try message.serializedBytes())
            case .paid:
                let message = Orders_V1_OrderPaid.with { ($0.orderID, $0.occurredAt) = (orderID, time) }
                return (.paid, try message.serializedBytes())
            case .paymentFailed(let reason):
                let message = Orders_V1_OrderPaymentFailed.with {
                    ($0.orderID, $0.occurredAt, $0.reason) = (orderID, time, reason)
                }
                return (.paymentFailed, try message.serializedBytes())
            case .cancelled(let reason):
                let message = Orders_V1_OrderCancelled.with {
                    ($0.orderID, $0.occurredAt, $0.reason) = (orderID, time, reason)
                }
                return (.cancelled, try message.serializedBytes())
            case .shippingStatusUpdated(let status):
                let message = Orders_V1_OrderShippingStatusUpdated.with {
                    ($0.orderID, $0.occurredAt, $0.status) = (orderID, time, status.message)
                }
                return (.shippingStatusUpdated, try message.serializedBytes())
            }
        } catch {
            throw .internal("an event cannot be encoded: \(error)")
        }
    }

    /// - Throws: ``EventStoreError/internal(_:)`` naming the event type, for an unknown type or bytes that are not such
    ///   an event.
    public static func decode(_ eventType: String, _ bytes: [UInt8]) throws(EventStoreError) -> OrderEvent {
        guard let type = EventType(rawValue: eventType) else { throw .internal("unknown event type '\(eventType)'") }
        return try decode(type, bytes)
    }

    static func decode(_ type: EventType, _ bytes: [UInt8]) throws(EventStoreError) -> OrderEvent {
        let event: OrderEvent?
        do {
            event =
                switch type {
                case .placed:
                    OrderDetails(try Orders_V1_OrderPlaced(serializedBytes: bytes)).map { .placed($0) }
                case .paymentInitiated:
                    try validated(.paymentInitiated, Orders_V1_OrderPaymentInitiated(serializedBytes: bytes))
                case .paid:
                    try validated(.paid, Orders_V1_OrderPaid(serializedBytes: bytes))
                case .paymentFailed:
                    .paymentFailed(reason: try Orders_V1_OrderPaymentFailed(serializedBytes: bytes).reason)
                case .cancelled:
                    .cancelled(reason: try Orders_V1_OrderCancelled(serializedBytes: bytes).reason)
                case .shippingStatusUpdated:
                    ShippingStatus(try Orders_V1_OrderShippingStatusUpdated(serializedBytes: bytes).status)
                        .map { .shippingStatusUpdated($0) }
                }
        } catch {
            throw .internal("\(type.rawValue) cannot be decoded: \(error)")
        }
        guard let event else { throw .internal("\(type.rawValue) holds a value that no order can have") }
        return event
    }

    /// Parsing alone tells whether the bytes are such a message; its fields add nothing to the event.
    private static func validated(_ event: OrderEvent, _: some Message) -> OrderEvent { event }
}
