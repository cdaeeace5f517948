/// Which of the keys that are being released comes next, and how many of its rows go together.
///
/// Pure. Keys take turns, a chunk each, so that a key with many held rows keeps no other waiting. Rows go together
/// until one of them is refused. Then fewer go together, up to the place of the refusal, until the refused row goes
/// alone.
struct ReleaseTurns: Sendable {
    private struct Place {
        /// Rows up to this hold id are published and deleted: reading on behind it does not visit dead rows.
        var published: Int64 = 0
        /// Up to this hold id fewer rows than a chunk go together; nil if none was refused.
        var suspectsThrough: Int64?
        var rows = OutboxLimits.heldRowsPerRead
    }

    private let guarantee: DeliveryGuarantee
    /// The keys that wait for their turn, the next one first.
    private var queue: [OutboxKey] = []
    private var places: [OutboxKey: Place] = [:]

    init(_ guarantee: DeliveryGuarantee) { self.guarantee = guarantee }

    /// Whether no key waits for its turn.
    var isEmpty: Bool { queue.isEmpty }

    /// These keys are to be released. A key that waited already keeps its place in the queue; a key that is not asked
    /// for any more leaves it.
    mutating func ask(_ keys: [OutboxKey]) {
        let asked = Set(keys)
        let waiting = Set(queue)
        queue = queue.filter { asked.contains($0) } + keys.filter { !waiting.contains($0) }
        places = places.filter { asked.contains($0.key) }
    }

    /// The key whose turn it is; nil if none waits. It goes to the end of the queue, and leaves it by ``ended(_:)``.
    mutating func next() -> OutboxKey? {
        guard !queue.isEmpty else { return nil }
        let key = queue.removeFirst()
        queue.append(key)
        return key
    }

    /// The key is released, or stays parked.
    mutating func ended(_ key: OutboxKey) {
        queue.removeAll { $0 == key }
        places[key] = nil
    }

    /// The hold id after which the key's next chunk begins, and how many rows the chunk has at most.
    func chunk(of key: OutboxKey) -> (after: Int64, rows: Int) {
        let place = places[key] ?? Place()
        return (place.published, place.rows)
    }

    /// The key's rows up to this hold id are published.
    mutating func published(_ key: OutboxKey, through holdID: Int64) {
        var place = places[key] ?? Place()
        assert(holdID > place.published, "a release goes back")
        place.published = holdID
        if let suspects = place.suspectsThrough, holdID >= suspects {
            place.suspectsThrough = nil
            place.rows = OutboxLimits.heldRowsPerRead
        }
        places[key] = place
    }

    /// One of the key's next rows cannot be read.
    mutating func goOneByOne(_ key: OutboxKey) {
        var place = places[key] ?? Place()
        place.suspectsThrough = max(place.published + Int64(place.rows), place.suspectsThrough ?? 0)
        place.rows = 1
        places[key] = place
    }

    /// One of `rows` rows that went together was refused, the last of them being `holdID`. Returns whether it is clear
    /// which.
    ///
    /// At least once, the rows before the refused one have arrived, and the others go one by one. A transaction is
    /// undone as a whole: half as many rows are tried, each transaction that succeeds being progress.
    mutating func refused(_ key: OutboxKey, rows: Int, through holdID: Int64) -> Bool {
        guard rows > 1 else { return true }
        var place = places[key] ?? Place()
        place.suspectsThrough = max(holdID, place.suspectsThrough ?? 0)
        place.rows = guarantee == .exactlyOnce ? rows / 2 : 1
        places[key] = place
        return false
    }
}
