import Postgres
import Values

/// The heads of the orders with the longest histories, so that a long history is read once and not with every command.
///
/// An entry is never believed: whoever uses it asks Postgres for the events from its last one on, and drops it unless
/// the first of them is that very event.
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

    mutating func head(of order: ExactText) -> StreamHead? {
        guard !entries.isEmpty, let head = entries[order]?.head else { return nil }
        uses += 1
        entries[order]?.lastUse = uses
        return head
    }

    /// Keeps the head if its history is long enough; the least recently used entry makes room.
    mutating func keep(_ head: StreamHead, of order: ExactText) {
        guard head.version >= minimumEvents, bound > 0 else { return }
        uses += 1
        entries[order] = (head, uses)
        guard entries.count > bound else { return }
        if let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) { entries[oldest.key] = nil }
    }

    mutating func forget(_ order: ExactText) {
        entries[order] = nil
    }
}
