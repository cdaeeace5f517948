import Orders

/// An order folded from its events.
struct StoredOrder: Sendable {
    let state: OrderState
    /// How many events it has.
    let version: UInt32
    /// When it was placed, in microseconds since 1970.
    let createdAtMicroseconds: Int64
    /// When its last event happened, in microseconds since 1970.
    let updatedAtMicroseconds: Int64
}
