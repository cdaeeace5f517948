import EventStore
import OrdersProto
import SwiftProtobuf

/// A write, whose repetition is recognised by its request_id.
protocol WriteRequest: Message {
    /// Empty if the client sent none.
    var requestID: String { get set }
}

/// A write on an existing order.
protocol ConditionalRequest: WriteRequest {
    var orderID: String { get set }
    var hasExpectedVersion: Bool { get }
    /// The version that the order must have.
    var expectedVersion: UInt32 { get set }
}

/// The answer to a write.
protocol WriteResponse: Message {
    var orderID: String { get set }
    var version: UInt32 { get set }
    var replayed: Bool { get set }
}

extension WriteResponse {
    init(_ outcome: CommandOutcome) {
        self.init()
        orderID = outcome.orderID
        version = UInt32(clamping: outcome.version)
        replayed = outcome.replayed
    }
}

extension Orders_V1_PlaceOrderRequest: WriteRequest {}
extension Orders_V1_CancelOrderRequest: ConditionalRequest {}
extension Orders_V1_UpdateOrderShippingStatusRequest: ConditionalRequest {}
extension Orders_V1_PlaceOrderResponse: WriteResponse {}
extension Orders_V1_CancelOrderResponse: WriteResponse {}
extension Orders_V1_UpdateOrderShippingStatusResponse: WriteResponse {}
