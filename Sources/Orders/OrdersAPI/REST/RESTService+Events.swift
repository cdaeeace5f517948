import HTTP2
import OrdersProto
import SwiftProtobuf

extension RESTService {
    /// The audit trail; with `watch=true` a stream of Server-Sent Events.
    func orderEvents(_ orderID: String, _ request: RESTRequest) async throws -> RESTResponse {
        var parameters = QueryParameters(request.query, names: ["from_sequence", "page_size", "watch"])
        let from = parameters.optionalUInt32("from_sequence")
        let pageSize = parameters.optionalUInt32("page_size")
        let isWatch = parameters.bool("watch")
        try parameters.finish()
        let resumed = try Self.lastEventID(request.headers)
        if isWatch {
            if let pageSize { try Self.validate(pageSize) }
            return try await watch(
                orderID, from: resumed ?? from ?? 0, limit: pageSize ?? .max)
        }
        var message = Orders_V1_GetOrderHistoryRequest()
        message.orderID = orderID
        message.fromSequence = from ?? 0
        if let pageSize { message.pageSize = pageSize }
        let answer = try await handlers.getOrderHistory(message, request.call)
        return .json(headers: [.eTag: IfMatch.entityTag(answer.version)]) { json in
            json.name("events")
            json.array(answer.events) { json, event in json.object { OrderJSON.write(event, &$0) } }
            json.member("version", number: answer.version)
        }
    }

    private static func validate(_ pageSize: UInt32) throws(APIError) {
        var validation = RequestValidation()
        validation.range("page_size", pageSize, APILimits.historyPageEvents)
        try validation.finish()
    }

    /// The sequence number after `Last-Event-ID`, which a reconnecting client sends; nil without that header.
    private static func lastEventID(_ headers: HTTP2Headers) throws(APIError) -> UInt32? {
        guard let text = headers.first("last-event-id"), !text.isEmpty else { return nil }
        guard let last = UInt32(asciiDigits: text), last < .max else {
            throw APIError.invalid("Last-Event-ID", "must be the sequence number of an event")
        }
        return last + 1
    }
}

// MARK: - Server-Sent Events

extension RESTService {
    /// Responds when the order is found. 204 tells a browser's EventSource not to reconnect, because no event follows.
    ///
    /// - Parameter limit: the stream ends after this many events; the client reconnects for the next ones.
    private func watch(_ orderID: String, from: UInt32, limit: UInt32) async throws -> RESTResponse {
        let request = Orders_V1_WatchOrderRequest.with { ($0.orderID, $0.fromSequence) = (orderID, from) }
        let order = try await handlers.getOrder(.with { $0.orderID = orderID }, CallContext()).order
        if order.isFinal, from >= order.version { return RESTResponse(status: 204, body: .bytes([])) }
        let headers: ResponseFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        let handlers = handlers
        return RESTResponse(
            headers: headers,
            body: .stream { send in
                try await send(EventStreamText.beginning)
                var count: UInt32 = 0
                do {
                    try await handlers.watchOrder(request) { item in
                        try await send(EventStreamText.item(item))
                        if case .event = item { count += 1 }
                        if count >= limit { throw EndOfStream() }
                    }
                } catch is EndOfStream {
                } catch is APIError {
                    // The status is sent already, so the stream just ends. The client reconnects with Last-Event-ID.
                }
            })
    }
}

/// The stream has sent as many events as the request allows.
private struct EndOfStream: Error {}

extension Orders_V1_OrderDetails {
    fileprivate var isFinal: Bool { shippingStatus == .delivered || shippingStatus == .cancelled }
}
