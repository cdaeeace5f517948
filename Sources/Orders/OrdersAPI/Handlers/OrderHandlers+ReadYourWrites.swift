import EventStore
import OrdersProto

extension OrderHandlers {
    /// Waits until the list shows an order at a version, woken by the projector.
    ///
    /// - Throws: ``APIError``: at once if nobody has written that version, DEADLINE_EXCEEDED if the list does not get
    ///   there.
    func waitForList(_ wanted: Orders_V1_OrderVersion, until deadline: ContinuousClock.Instant?) async throws(APIError)
    {
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
                try await withDeadline(min(deadline ?? longest, longest)) {
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

    /// Runs `body`, but cancels it at the deadline.
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
