import OrdersProto
import SwiftProtobuf

extension RESTService {
    nonisolated(nonsending) func getOrder(_ orderID: String, _ request: RESTRequest) async throws -> RESTResponse {
        var parameters = QueryParameters(request.query, names: ["min_version"])
        var message = Orders_V1_GetOrderRequest()
        message.orderID = orderID
        if let version = parameters.optionalUInt32("min_version") { message.minVersion = version }
        try parameters.finish()
        let order = try await handlers.getOrder(message, request.call).order
        return .json(headers: [.eTag: IfMatch.entityTag(order.version)]) { json in
            json.name("order")
            json.object { OrderJSON.write(order, &$0) }
        }
    }

    nonisolated(nonsending) func listOrders(_ request: RESTRequest) async throws -> RESTResponse {
        var parameters = QueryParameters(
            request.query,
            names: [
                "limit", "offset", "page_size", "page_token", "customer_id", "vendor_id", "payment_status",
                "shipping_status", "at_least",
            ])
        let message = try Self.listRequest(&parameters)
        try parameters.finish()
        let answer = try await handlers.listOrders(message, request.call)
        return .json(capacity: 512 * (answer.orders.count + 1)) { json in
            json.name("orders")
            json.array(answer.orders) { json, order in json.object { OrderJSON.write(order, &$0) } }
            if !answer.nextPageToken.isEmpty { json.member("next_page_token", answer.nextPageToken) }
        }
    }

    private static func listRequest(_ parameters: inout QueryParameters) throws(APIError) -> Orders_V1_ListOrdersRequest
    {
        var message = Orders_V1_ListOrdersRequest()
        if let limit = parameters.optionalUInt32("limit") { message.limit = limit }
        if let offset = parameters.optionalUInt32("offset") { message.offset = offset }
        if let size = parameters.optionalUInt32("page_size") { message.pageSize = size }
        message.pageToken = parameters.string("page_token")
        message.customerID = parameters.nonEmptyString("customer_id")
        message.vendorID = parameters.nonEmptyString("vendor_id")
        if let status = parameters.choice("payment_status", Orders_V1_PaymentStatus.names) {
            message.paymentStatus = status
        }
        if let status = parameters.choice("shipping_status", Orders_V1_ShippingStatus.names) {
            message.shippingStatus = status
        }
        let atLeast = parameters.nonEmptyString("at_least")
        if !atLeast.isEmpty { message.atLeast = try orderVersion(atLeast) }
        return message
    }

    /// Parses `<order_id>@<version>`. The order_id may contain an `@`, too.
    private static func orderVersion(_ text: String) throws(APIError) -> Orders_V1_OrderVersion {
        guard let separator = text.lastIndex(of: "@"), let version = UInt32(text[text.index(after: separator)...]),
            version > 0
        else { throw APIError.invalid("at_least", "must be an order_id, an @ and a version, such as 018f…@3") }
        return .with {
            $0.orderID = String(text[..<separator])
            $0.version = version
        }
    }
}
