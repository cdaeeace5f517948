import EventStore
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func getOrder(
        _ request: Orders_V1_GetOrderRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_GetOrderResponse {
        try await response(of: gettingOrder(request))
    }

    func gettingOrder(
        _ request: Orders_V1_GetOrderRequest
    ) throws(APIError) -> PendingResponse<LoadedOrder?, Orders_V1_GetOrderResponse> {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        try validation.finish()
        return PendingResponse(method: "GetOrder", reply: store.loading(request.orderID)) {
            _, order throws(APIError) in
            guard let order else { throw APIError(EventStoreError.notFound(orderID: request.orderID)) }
            if request.hasMinVersion, order.version < request.minVersion {
                throw Self.versionNotReached(order.version, wanted: request.minVersion)
            }
            return .with { $0.order = Orders_V1_OrderDetails(order) }
        }
    }

    func listOrders(
        _ request: Orders_V1_ListOrdersRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_ListOrdersResponse {
        let query = try OrderListQuery(request)
        if request.hasAtLeast { try await waitForList(request.atLeast, until: call.deadline) }
        var orders = try await list.orders(query)
        var nextPageToken = ""
        if query.isKeyset, orders.count > query.limit {
            orders.removeLast()
            nextPageToken = orders.last.map { query.token(after: $0).text } ?? ""
        }
        return .with {
            $0.orders = orders
            $0.nextPageToken = nextPageToken
        }
    }

    /// ABORTED. The event store is always current, so that version does not exist yet.
    private static func versionNotReached(_ actual: Int64, wanted: UInt32, field: String = "min_version") -> APIError {
        var error = APIError(
            .aborted, reason: "VERSION_NOT_REACHED", "\(field): the order is at version \(actual), not yet at \(wanted)"
        )
        error.metadata = ["expected_version": "\(wanted)", "actual_version": "\(actual)"]
        return error
    }

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
        // An event that was appended between the two reads belongs to a later version than the answer states.
        let shown = events.prefix { $0.sequenceNumber < order.version }
        return .with {
            $0.events = shown.map { Orders_V1_OrderEvent($0) }
            $0.version = UInt32(clamping: order.version)
        }
    }

    // MARK: - Read your writes

    /// Waits until the list shows an order at a version. The projector's notifications wake it.
    ///
    /// - Throws: ``APIError``: ABORTED at once if the order has not reached that version, DEADLINE_EXCEEDED if the list
    ///   does not reach it in time.
    private func waitForList(
        _ wanted: Orders_V1_OrderVersion, until deadline: ContinuousClock.Instant?
    ) async throws(APIError) {
        do {
            try await changes.withWaiter(for: wanted.orderID) { waiter in
                if try await list.version(of: wanted.orderID) >= wanted.version { return }
                let order = try await load(wanted.orderID, "ListOrders")
                guard order.version >= wanted.version else {
                    throw Self.versionNotReached(order.version, wanted: wanted.version, field: "at_least.version")
                }
                let longest =
                    ContinuousClock.now
                    + (deadline == nil ? APILimits.defaultProjectionWait : APILimits.maximumProjectionWait)
                try await withDeadline(min(deadline ?? longest, longest)) { [list] in
                    while try await list.version(of: wanted.orderID) < wanted.version {
                        if case .closed = try await waiter.wait() {
                            throw APIError.unavailable("the server is stopping")
                        }
                    }
                }
            }
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.cancelled, reason: "CANCELLED", "the caller left")
        }
    }

    /// Runs `body` and cancels it at the deadline.
    private func withDeadline(
        _ deadline: ContinuousClock.Instant, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                throw APIError(
                    .deadlineExceeded, reason: "LIST_NOT_CURRENT",
                    "at_least: the list does not show that version of the order yet; try again")
            }
            try await group.next()
        }
    }
}
