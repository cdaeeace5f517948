/// Under which claims a projector applies its partitions, and whether it has to heal. Pure.
///
/// A claim in the database backs every active partition of the session. After a failure, or when the partitions are
/// taken away, no claim is trusted any more; claiming again re-reads the truth from the database.
struct ProjectorMachine {
    /// For each partition the number of the claim that backs it.
    private var claims: [Int32: Int64] = [:]
    /// Whether the healing walk is wanted, as far as known; looked up at each claim, and now and then.
    private(set) var isHealing = false

    /// Whether a rebuild is open, as far as known; looked up now and then.
    private(set) var isRebuilding = false

    /// Whether to do a chunk of the walk now: a member without partitions leaves it to others.
    var isChunkDue: Bool { isHealing && !claims.isEmpty }

    /// Whether steps of a rebuild are to be done; as with the walk, by a member with partitions.
    var isStepDue: Bool { isRebuilding && !claims.isEmpty }

    /// Whether to look for a wish to heal or to rebuild: one of them is not known, and this member could do it.
    var mayLook: Bool { !(isHealing && isRebuilding) && !claims.isEmpty }

    mutating func looked(isHealing: Bool, isRebuilding: Bool) {
        self.isHealing = isHealing
        self.isRebuilding = isRebuilding
    }

    mutating func claimed(_ claim: Claim, isHealing: Bool) {
        for partition in claim.positions.keys {
            assert(claim.number > claims[partition] ?? .min, "claim \(claim.number) of \(partition) is not a new one")
            claims[partition] = claim.number
        }
        self.isHealing = isHealing
    }

    /// The partitions are taken away, or another member may have claimed them: the connection failed, or a batch was
    /// stale.
    mutating func doubted() { claims = [:] }

    /// Where a batch moves the positions, in the order of partitions.
    ///
    /// - Parameter nextOffsets: for each partition in the batch the offset after its last message.
    func positions(_ nextOffsets: [Int32: Int64]) -> [Position] {
        nextOffsets.sorted { $0.key < $1.key }.compactMap { partition, offset in
            claims[partition].map { Position(partition: partition, claim: $0, nextOffset: offset) }
        }
    }

    mutating func healed(isLast: Bool) {
        if isLast { isHealing = false }
    }

    /// - Parameter isOver: there is nothing more to do, or another member does it.
    mutating func rebuilt(isOver: Bool) {
        if isOver { isRebuilding = false }
    }
}
