import Orders
import Values

/// The end of one order's history: the state after it, and where the next event is appended.
struct StreamHead: Hashable {
    /// Nil if no event places the order.
    var state: OrderState?
    /// The number of events.
    var version: Int64 = 0
    /// The last event; nil if there is none.
    var lastEventID: UUIDBytes?
    /// When the first event was recorded, in microseconds since 1970.
    var createdAt: Int64 = 0
    /// When the last event was recorded, in microseconds since 1970.
    var updatedAt: Int64 = 0

    /// The head of an order without events.
    static let empty = StreamHead()

    /// - Parameter time: when the event was recorded, in microseconds since 1970.
    mutating func append(_ event: OrderEvent, id: UUIDBytes, at time: Int64) {
        if version == 0 { createdAt = time }
        updatedAt = time
        version += 1
        lastEventID = id
        state = evolve(state, event)
    }
}

/// The heads of orders with long histories, so that such a history is read once and not with every command.
///
/// An entry may be stale. A reader must load the events from the entry's last one on, and must drop the entry unless
/// the first of them is that last event.
struct StateCache {
    private let bound: Int
    private let minimumEvents: Int64
    private var entries: [ExactText: (head: StreamHead, lastUse: UInt64)] = [:]
    private var uses: UInt64 = 0

    init(bound: Int, minimumEvents: Int64) {
        self.bound = bound
        self.minimumEvents = minimumEvents
    }

    var count: Int { entries.count }

    /// The cached head, nil if there is none; counts as a use.
    mutating func head(of order: ExactText) -> StreamHead? {
        guard !entries.isEmpty, let head = entries[order]?.head else { return nil }
        uses += 1
        entries[order]?.lastUse = uses
        return head
    }

    /// Caches the head if its history is long enough. A full cache drops the least recently used entry.
    mutating func keep(_ head: StreamHead, of order: ExactText) {
        guard head.version >= minimumEvents, bound > 0 else { return }
        uses += 1
        entries[order] = (head, uses)
        guard entries.count > bound else { return }
        if let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) { entries[oldest.key] = nil }
        assert(entries.count == bound, "one entry came and one left")
    }

    mutating func forget(_ order: ExactText) {
        entries[order] = nil
    }
}
