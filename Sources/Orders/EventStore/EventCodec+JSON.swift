import OrdersProto
import SwiftProtobuf

extension EventCodec {
    /// An event as the JSON of its protobuf message, with the field names of the `.proto` file; nil for an unknown
    /// type, or for bytes that are not such a message.
    public static func json(_ eventType: String, _ bytes: [UInt8]) -> String? {
        guard let type = EventType(rawValue: eventType) else { return nil }
        let message: any Message.Type =
            switch type {
            case .placed: Orders_V1_OrderPlaced.self
            case .paymentInitiated: Orders_V1_OrderPaymentInitiated.self
            case .paid: Orders_V1_OrderPaid.self
            case .paymentFailed: Orders_V1_OrderPaymentFailed.self
            case .cancelled: Orders_V1_OrderCancelled.self
            case .shippingStatusUpdated: Orders_V1_OrderShippingStatusUpdated.self
            }
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        return try? message.init(serializedBytes: bytes).jsonString(options: options)
    }
}
