import Orders
import Values

/// What the gathered messages say of one order.
///
/// Its events are folded as they come, so that an order takes the same memory however many messages it has.
struct GatheredOrder: Sendable {
    let orderID: String
    /// Its first message: no position may pass it before the order is written.
    let partition: Int32
    let offset: Int64
    /// When its first message was taken over.
    let since: ContinuousClock.Instant
    /// Its messages, those that change nothing included.
    private(set) var messageCount = 0
    /// The state after the order's first event and those that follow it; nil while the first event was not seen.
    private(set) var current: ProjectedOrder?
    /// Events that go on from a row, which must be read first; empty when the first event was seen.
    private(set) var events: [ReadableEvent] = []
    /// A message showed a gap or could not be read, so the whole history is read from the event store.
    private(set) var isDoubtful = false
    /// Its messages are in more than one partition: the number of partitions was changed.
    private(set) var isSpread = false

    /// Whether the order's row must be read before it can be written.
    var needsRow: Bool { !isDoubtful && current == nil }

    /// Whether the event that comes next is usually close behind: the payment is asked for and answered.
    var isBeingPaid: Bool {
        if isDoubtful { return false }
        if let state = current?.state {
            guard state.shippingStatus != .cancelled else { return false }
            return state.paymentStatus == .pending || state.paymentStatus == .initiated
        }
        switch events.last?.event {
        case .placed, .paymentInitiated: return true
        case .paid, .paymentFailed, .cancelled, .shippingStatusUpdated, nil: return false
        }
    }

    init(_ orderID: String, partition: Int32, offset: Int64, since: ContinuousClock.Instant) {
        self.orderID = orderID
        self.partition = partition
        self.offset = offset
        self.since = since
    }

    /// - Parameter event: nil is a message that cannot be read.
    mutating func add(_ event: ReadableEvent?, from partition: Int32) {
        messageCount += 1
        if partition != self.partition { isSpread = true }
        if isDoubtful { return }
        guard let event else { return doubt() }
        if let current {
            guard event.sequenceNumber > current.lastSequenceNumber else { return }
            guard let next = ProjectedOrder.after(current, event) else { return doubt() }
            self.current = next
        } else if events.isEmpty, event.sequenceNumber == 0 {
            current = ProjectedOrder.after(nil, event)
            if current == nil { doubt() }
        } else {
            events.append(event)
        }
    }

    private mutating func doubt() {
        isDoubtful = true
        current = nil
        events = []
    }

    /// The order's row after its messages.
    enum Outcome {
        case changed(ProjectedOrder)
        case unchanged
        /// There is a gap, or a message could not be read.
        case toHeal
    }

    /// - Parameter row: what the projection has of the order, if ``needsRow``.
    func outcome(_ row: ProjectedOrder?) -> Outcome {
        if isDoubtful { return .toHeal }
        if let current { return .changed(current) }
        var order = row
        for event in events where event.sequenceNumber > (order?.lastSequenceNumber ?? -1) {
            guard let next = ProjectedOrder.after(order, event) else { return .toHeal }
            order = next
        }
        guard let order, order.lastSequenceNumber != row?.lastSequenceNumber else { return .unchanged }
        return .changed(order)
    }
}
