public import Orders

/// One row of `order_projection`: an order as its events up to ``version`` tell it.
public struct ProjectedOrder: Hashable, Sendable {
    public var orderID: String
    /// The sequence number of the last event it contains.
    public var version: Int64
    public var state: OrderState
    /// Times in microseconds since 1970.
    public var createdAt: Int64
    public var updatedAt: Int64

    public init(orderID: String, version: Int64, state: OrderState, createdAt: Int64, updatedAt: Int64) {
        self.orderID = orderID
        self.version = version
        self.state = state
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

extension ProjectedOrder {
    /// The row after the next event; nil is an order of which nothing is known yet. Nil if the event cannot be the next
    /// one.
    static func after(_ row: ProjectedOrder?, _ event: ReadableEvent) -> ProjectedOrder? {
        guard event.sequenceNumber == (row?.version ?? -1) + 1, let state = evolve(row?.state, event.event) else {
            return nil
        }
        return ProjectedOrder(
            orderID: event.orderID, version: event.sequenceNumber, state: state,
            createdAt: row?.createdAt ?? event.occurredAt, updatedAt: event.occurredAt)
    }
}
