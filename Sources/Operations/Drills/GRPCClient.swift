import OrdersProto
import SwiftProtobuf

/// gRPC on one HTTP/2 connection, one call at a time: as much of both as unary calls need.
///
/// A unary call that failed answers without a message, so the message alone says that the call succeeded, and the
/// compressed header blocks of the server need not be read.
final class GRPCClient: OrderClient {
    private let port: Int
    private var stream: TCPStream?
    private var nextStream: UInt32 = 1

    init(port: Int) { self.port = port }

    func place(_ key: String) throws -> OrderAnswer {
        var request = Orders_V1_PlaceOrderRequest()
        (request.customerID, request.vendorID, request.productID) = ("drill", "drill", "drill")
        (request.quantity, request.totalPrice, request.paymentMethod) = (1, 9.99, "CARD")
        request.requestID = key
        guard let message = try call("PlaceOrder", try request.serializedBytes()) else {
            throw DrillError("PlaceOrder failed")
        }
        let answer = try Orders_V1_PlaceOrderResponse(serializedBytes: message)
        return OrderAnswer(orderID: answer.orderID, version: Int64(max(1, answer.version)))
    }

    /// A refusal and a server that is away look the same: both are nil, and nothing is remembered of the call.
    func cancel(_ orderID: String) throws -> OrderAnswer? {
        var request = Orders_V1_CancelOrderRequest()
        (request.orderID, request.reason) = (orderID, "drill")
        guard let message = try call("CancelOrder", try request.serializedBytes()) else { return nil }
        let answer = try Orders_V1_CancelOrderResponse(serializedBytes: message)
        return OrderAnswer(orderID: orderID, version: Int64(answer.version))
    }

    /// - Returns: the message of the answer; nil if the call failed.
    private func call(_ method: String, _ message: [UInt8]) throws -> [UInt8]? {
        let deadline = ContinuousClock.now + .milliseconds(DrillLimits.answerMilliseconds)
        do {
            let stream = try self.stream ?? HTTP2Frames.connect(port)
            if self.stream == nil { nextStream = 1 }
            self.stream = stream
            let number = nextStream
            nextStream += 2
            try stream.send(HTTP2Frames.request("/orders.v1.OrderService/\(method)", message, number))
            return try HTTP2Frames.answer(stream, number, deadline)
        } catch {
            stream = nil
            throw error
        }
    }
}
