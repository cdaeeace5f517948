import Orders
import Postgres
import Values

/// The end of one order's history, and the state it leads to.
struct StreamHead: Equatable {
    /// Nil if there are no events, or none that place the order.
    var state: OrderState?
    /// The number of events.
    var version: Int64 = 0
    /// The last event; nil if there is none.
    var lastEventID: UUIDBytes?
    /// When the first and the last event were recorded, in microseconds since 1970.
    var createdAt: Int64 = 0
    var updatedAt: Int64 = 0

    static let empty = StreamHead()

    mutating func append(_ event: OrderEvent, id: UUIDBytes, at time: Int64) {
        if version == 0 { createdAt = time }
        updatedAt = time
        version += 1
        lastEventID = id
        state = evolve(state, event)
    }
}
