import EventStore
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func getOrderHistory(
        _ request: Orders_V1_GetOrderHistoryRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_GetOrderHistoryResponse {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        if request.hasPageSize { validation.range("page_size", request.pageSize, APILimits.historyPageEvents) }
        try validation.finish()
        let order = try await load(request.orderID, "GetOrderHistory")
        let limit = Int(request.hasPageSize ? request.pageSize : APILimits.defaultHistoryPageEvents)
        let events = try await mapped("GetOrderHistory") { () async throws(EventStoreError) in
            try await store.history(request.orderID, from: Int64(request.fromSequence), limit: limit)
        }
        // An event that came between the two reads belongs to a version that the answer does not claim.
        let shown = events.prefix { $0.sequenceNumber < order.version }
        return .with {
            $0.events = shown.map { Orders_V1_OrderEvent($0) }
            $0.version = UInt32(clamping: order.version)
        }
    }

    /// What a watcher is told.
    enum WatchItem: Sendable {
        case event(Orders_V1_OrderEvent)
        /// Nothing for a while; the connection can be shown to live.
        case quiet
    }

    /// Shows an order's events, past ones first, until nothing can happen any more or the client leaves.
    ///
    /// - Parameters:
    ///   - begin: called once before the first item, when it is known that there is such an order; `isOver` tells that there
    ///     is nothing more to show and never will be.
    ///   - show: called for each item, one after the other.
    /// - Throws: ``APIError``, or what the closures throw.
    func watchOrder(
        _ request: Orders_V1_WatchOrderRequest,
        begin: (_ isOver: Bool) async throws -> Void = { _ in },
        show: (WatchItem) async throws -> Void
    ) async throws {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        try validation.finish()
        try await changes.withWaiter(for: request.orderID) { waiter in
            let order = try await load(request.orderID, "WatchOrder")
            var watch = OrderWatch(from: Int64(request.fromSequence), order: order)
            var action = watch.next()
            try await begin(action == .end)
            while action != .end {
                try await perform(action, request.orderID, &watch, waiter, show)
                action = watch.next()
            }
        }
    }

    private func perform(
        _ action: OrderWatch.Action, _ orderID: String, _ watch: inout OrderWatch, _ waiter: ChangeWaiter,
        _ show: (WatchItem) async throws -> Void
    ) async throws {
        switch action {
        case .show(let event): try await show(.event(event))
        case .read(let from):
            let events = try await mapped("WatchOrder") { () async throws(EventStoreError) in
                try await store.history(orderID, from: from, limit: APILimits.watchPageEvents)
            }
            watch.received(events, limit: APILimits.watchPageEvents)
        case .wait:
            switch try await waiter.wait() {
            case .changed: watch.changed()
            case .quiet: try await show(.quiet)
            case .closed: throw APIError.unavailable("the server is stopping; watch again from the last event you got")
            }
        case .end: break
        }
    }

    func load(_ orderID: String, _ method: StaticString) async throws(APIError) -> LoadedOrder {
        let order = try await mapped(method) { () async throws(EventStoreError) in try await store.load(orderID) }
        guard let order else { throw APIError(EventStoreError.notFound(orderID: orderID)) }
        return order
    }
}
