import EventStore
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    /// One message to a watching client.
    enum WatchItem: Sendable {
        case event(Orders_V1_OrderEvent)
        /// There was no event for a while; a transport may send a sign of life.
        case quiet
    }

    /// Sends an order's events, past ones first, until the order is delivered or cancelled, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - begin: called once before the first item, when the order is found. `isOver` is true if no event follows, now
    ///     or later.
    ///   - show: called for each item, one after the other.
    /// - Throws: ``APIError``, and the errors of the closures.
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
}
