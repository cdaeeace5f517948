/// What a projector does next, decided without doing it.
///
/// A partition is ours when the group assigned it, and active when a claim in the database backs that and the source
/// was told where to start. Whatever goes wrong makes partitions inactive; claiming again re-reads the truth from the
/// database. So there is one way to recover, and it is the way every assignment begins.
///
/// Messages of a partition that is not active, or before its position, are what a source had fetched before: harmless,
/// dropped. A message beyond the position is one that follows a hole in the offsets (compaction, transaction markers):
/// not ours to judge, since gaps are found in the sequence numbers.
struct ProjectorMachine {
    private enum Partition: Hashable {
        /// `restarts` holds the reason when the known position is useless.
        case unclaimed(restarts: String?)
        case active(claim: Int64, nextOffset: Int64)
    }

    enum Action: Hashable {
        /// Claim these; of `restarting` the known position is useless.
        case claim([Int32], restarting: [Int32], reason: String?)
        /// Do one chunk of the healing walk, then look for messages without waiting.
        case heal
        /// Wait for messages.
        case listen
    }

    private var partitions: [Int32: Partition] = [:]
    /// Whether the healing walk is wanted, as far as known; looked up at each claim.
    private(set) var isHealing = false
    /// Whether the group has given an assignment, even an empty one.
    private(set) var isMember = false

    var nextAction: Action {
        let waiting = partitions.filter { if case .unclaimed = $0.value { true } else { false } }
        if !waiting.isEmpty {
            var reason: String?
            var restarting: [Int32] = []
            for (partition, state) in waiting {
                if case .unclaimed(let why?) = state { (reason, restarting) = (why, restarting + [partition]) }
            }
            return .claim(waiting.keys.sorted(), restarting: restarting.sorted(), reason: reason)
        }
        return isHealing && !partitions.isEmpty ? .heal : .listen
    }

    // MARK: the group

    mutating func assigned(_ assigned: [Int32]) {
        isMember = true
        partitions = Dictionary(uniqueKeysWithValues: Set(assigned).map { ($0, .unclaimed(restarts: nil)) })
    }

    mutating func revoked() {
        partitions = [:]
        isMember = false
    }

    mutating func offsetLost(_ partition: Int32, reason: String) {
        guard partitions[partition] != nil else { return }
        partitions[partition] = .unclaimed(restarts: reason)
    }

    // MARK: the database

    mutating func claimed(_ claim: Claim, healing: Bool) {
        for (partition, offset) in claim.positions where partitions[partition] != nil {
            partitions[partition] = .active(claim: claim.number, nextOffset: offset)
        }
        isHealing = healing
    }

    /// Claims may have been lost, or positions moved without our hearing of it: the connection failed, or another
    /// member claimed.
    mutating func doubted() {
        for (partition, state) in partitions {
            if case .active = state { partitions[partition] = .unclaimed(restarts: nil) }
        }
    }

    mutating func healed(isLast: Bool) {
        if isLast { isHealing = false }
    }

    // MARK: messages

    /// What of the messages is to be applied, and where that moves the positions; nil if nothing is.
    func accept(_ messages: [ConsumedMessage]) -> Batch? {
        var next: [Int32: Int64] = [:]
        let accepted = messages.filter { message in
            guard case .active(_, let start)? = partitions[message.partition],
                message.offset >= next[message.partition] ?? start
            else { return false }
            next[message.partition] = message.offset + 1
            return true
        }
        guard !accepted.isEmpty else { return nil }
        return Batch(messages: accepted, positions: positions(next))
    }

    private func positions(_ next: [Int32: Int64]) -> [Position] {
        next.sorted { $0.key < $1.key }.compactMap { partition, offset in
            guard case .active(let claim, _)? = partitions[partition] else { return nil }
            return Position(partition: partition, claim: claim, nextOffset: offset)
        }
    }

    mutating func applied(_ batch: Batch) {
        for position in batch.positions where partitions[position.partition] != nil {
            partitions[position.partition] = .active(claim: position.claim, nextOffset: position.nextOffset)
        }
    }

    struct Batch {
        let messages: [ConsumedMessage]
        let positions: [Position]
    }

    var partitionCount: Int { partitions.count }
}
