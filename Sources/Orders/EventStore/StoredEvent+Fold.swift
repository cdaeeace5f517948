import Orders

extension Sequence where Element == StoredEvent {
    /// The order these events, a whole history in order, lead to; nil if there are none.
    public func folded() -> LoadedOrder? {
        var state: OrderState?
        var first: StoredEvent?
        var last: StoredEvent?
        for stored in self {
            state = evolve(state, stored.event)
            first = first ?? stored
            last = stored
        }
        guard let state, let first, let last else { return nil }
        return LoadedOrder(
            orderID: last.orderID, state: state, version: last.sequenceNumber + 1, createdAt: first.createdAt,
            updatedAt: last.createdAt)
    }
}
