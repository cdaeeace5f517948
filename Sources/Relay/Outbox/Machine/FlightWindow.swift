/// The rows offered to the publisher, in order, and which of them are settled.
///
/// Reports come in any order across partitions; the checkpoint may only follow the rows that are settled without a gap.
/// A delivery id is a row's ordinal. Ids of rows that were cleared are not known any more and are ignored.
struct FlightWindow: Sendable {
    private var outboxIDs: [Int64]
    private var writtenAt: [Int64]
    private var isSettled: [Bool]
    private let capacity: UInt64
    /// The oldest delivery id that is not settled, and the next to be assigned.
    private var front: UInt64 = 0
    private var next: UInt64 = 0

    /// The outbox id up to which all rows are settled; nil if nothing was settled since the last ``clear()``.
    private(set) var settledThrough: Int64?
    /// Rows offered and not yet settled, without those that wait behind an unsettled one.
    private(set) var unsettled = 0

    /// - Parameter capacity: the most rows that ``span`` may count.
    init(capacity: Int = OutboxLimits.rowsInFlight + OutboxLimits.rowsPerChunk) {
        self.capacity = UInt64(capacity)
        outboxIDs = Array(repeating: 0, count: capacity)
        writtenAt = Array(repeating: 0, count: capacity)
        isSettled = Array(repeating: false, count: capacity)
    }

    /// Rows between the oldest unsettled one and the newest, settled or not.
    var span: Int { Int(next - front) }

    /// There is no room for another row.
    var isFull: Bool { next - front == capacity }

    /// The outbox id of the newest row offered; nil if none is in the window.
    var newest: Int64? { next == front ? nil : outboxIDs[Int((next - 1) % capacity)] }

    /// When the oldest unsettled row was written, in microseconds since 1970; nil if all are settled.
    var oldestWrittenAt: Int64? { next == front ? nil : writtenAt[Int(front % capacity)] }

    /// The delivery id the next row will get.
    var nextDeliveryID: UInt64 { next }

    /// Takes a row in, with the time it was written, in microseconds since 1970. The window must not be full.
    mutating func offer(_ outboxID: Int64, writtenAt time: Int64 = 0) {
        precondition(!isFull, "offered a row to a full window")
        let slot = Int(next % capacity)
        outboxIDs[slot] = outboxID
        writtenAt[slot] = time
        isSettled[slot] = false
        next += 1
        unsettled += 1
    }

    /// Notes that a row is in Kafka, or held. Unknown delivery ids are ignored.
    mutating func settle(_ deliveryID: UInt64) {
        guard contains(deliveryID) else { return }
        let slot = Int(deliveryID % capacity)
        guard !isSettled[slot] else { return }
        isSettled[slot] = true
        unsettled -= 1
        while front < next, isSettled[Int(front % capacity)] {
            settledThrough = outboxIDs[Int(front % capacity)]
            front += 1
        }
        assert(unsettled >= 0 && unsettled <= span, "\(unsettled) rows are unsettled in a window of \(span)")
    }

    /// When a row in the window was written, in microseconds since 1970.
    func writtenAt(_ deliveryID: UInt64) -> Int64 { writtenAt[Int(deliveryID % capacity)] }

    /// Whether the row is in the window: unsettled, or behind an unsettled one.
    func contains(_ deliveryID: UInt64) -> Bool { deliveryID >= front && deliveryID < next }

    /// Forgets everything in flight. Old delivery ids stay unknown: the numbers go on.
    mutating func clear() {
        front = next
        unsettled = 0
        settledThrough = nil
    }
}
