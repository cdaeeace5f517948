public import Orders

/// An order as its events tell it at one moment.
public struct LoadedOrder: Hashable, Sendable {
    public let orderID: String
    public let state: OrderState
    /// The number of its events.
    public let version: Int64
    /// When the first event was recorded, in microseconds since 1970.
    public let createdAt: Int64
    /// When the last event was recorded, in microseconds since 1970.
    public let updatedAt: Int64

    public init(orderID: String, state: OrderState, version: Int64, createdAt: Int64, updatedAt: Int64) {
        self.orderID = orderID
        self.state = state
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
