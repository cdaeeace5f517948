/// The rows offered to the publisher, in order, and which of them are settled.
///
/// Reports come in any order across partitions; the checkpoint may only follow the contiguous front. A ticket is a
/// row's ordinal; tickets of a window that was cleared are not known any more and are ignored.
public struct FlightWindow: Sendable {
    private var outboxIDs: [Int64]
    private var writtenAt: [Int64]
    private var isSettled: [Bool]
    private let capacity: UInt64
    /// The oldest ticket that is not settled, and the next to be given out.
    private var front: UInt64 = 0
    private var next: UInt64 = 0

    /// The outbox id up to which all rows are settled; nil if nothing was settled since the last ``clear()``.
    public private(set) var settledThrough: Int64?
    /// Rows offered and not yet settled, without those that wait behind an unsettled one.
    public private(set) var unsettled = 0

    public init(capacity: Int = OutboxLimits.rowsInFlight + OutboxLimits.rowsPerChunk) {
        self.capacity = UInt64(capacity)
        outboxIDs = Array(repeating: 0, count: capacity)
        writtenAt = Array(repeating: 0, count: capacity)
        isSettled = Array(repeating: false, count: capacity)
    }

    /// Rows between the front and the newest, settled or not: what the window has no room for any more.
    public var span: Int { Int(next - front) }

    public var isFull: Bool { next - front == capacity }

    /// The outbox id of the newest row offered; nil if none is in the window.
    public var newest: Int64? { next == front ? nil : outboxIDs[Int((next - 1) % capacity)] }

    /// When the oldest row that is not settled was written; nil if all are.
    public var oldestWrittenAt: Int64? { next == front ? nil : writtenAt[Int(front % capacity)] }

    /// The ticket the next row will get.
    public var nextTicket: UInt64 { next }

    /// Takes a row in, with the time it was written. The window must not be full.
    public mutating func offer(_ outboxID: Int64, writtenAt time: Int64 = 0) {
        precondition(!isFull, "offered a row to a full window")
        let slot = Int(next % capacity)
        outboxIDs[slot] = outboxID
        writtenAt[slot] = time
        isSettled[slot] = false
        next += 1
        unsettled += 1
    }

    /// Notes that a row is in Kafka, or held. Unknown tickets are ignored.
    public mutating func settle(_ ticket: UInt64) {
        guard contains(ticket) else { return }
        let slot = Int(ticket % capacity)
        guard !isSettled[slot] else { return }
        isSettled[slot] = true
        unsettled -= 1
        while front < next, isSettled[Int(front % capacity)] {
            settledThrough = outboxIDs[Int(front % capacity)]
            front += 1
        }
    }

    /// When a row in the window was written.
    public func writtenAt(_ ticket: UInt64) -> Int64 { writtenAt[Int(ticket % capacity)] }

    public func contains(_ ticket: UInt64) -> Bool { ticket >= front && ticket < next }

    /// Forgets everything in flight. Old tickets stay unknown: the numbers go on.
    public mutating func clear() {
        front = next
        unsettled = 0
        settledThrough = nil
    }
}
