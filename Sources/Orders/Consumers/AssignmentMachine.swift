/// Which partitions the group gave to this member, and how far each is read. Pure: the session does what it says.
///
/// A partition is active when the handler gave a position and the source was told to start there. A lost offset or a
/// failure makes it inactive again; asking the handler for a position is the one way to recover, and it is the way
/// every assignment begins.
///
/// Messages of a partition that is not active, or before its position, were fetched before the source was told to start
/// elsewhere; they are dropped. A message beyond the position follows a hole in the offsets (compaction, transaction
/// markers), which is legal.
struct AssignmentMachine {
    private enum Partition: Hashable {
        /// `lost` tells why the known position is useless.
        case inactive(lost: String?)
        case active(nextOffset: Int64)
    }

    private var partitions: [Int32: Partition] = [:]
    /// No partition of the assignment has been active yet.
    private var isNewAssignment = false
    /// Whether the group has given an assignment, even an empty one.
    private(set) var isMember = false
    /// What keeps Kafka from delivering; nil when nothing is known to.
    private(set) var trouble: String?

    /// How many partitions this member owns.
    var partitionCount: Int { partitions.count }

    // MARK: Events of the source

    mutating func assigned(_ assigned: [Int32]) {
        isMember = true
        isNewAssignment = true
        trouble = nil
        partitions = Dictionary(uniqueKeysWithValues: Set(assigned).map { ($0, .inactive(lost: nil)) })
    }

    mutating func revoked() {
        partitions = [:]
        isMember = false
    }

    mutating func offsetLost(_ partition: Int32, detail: String) {
        guard partitions[partition] != nil else { return }
        partitions[partition] = .inactive(lost: detail)
    }

    mutating func unavailable(_ why: String) { trouble = why }

    mutating func available() { trouble = nil }

    // MARK: Positions

    /// The partitions that need a position; nil when all have one.
    var positionRequest: PositionRequest? {
        var inactive: [Int32] = []
        var lost: [Int32: String] = [:]
        for (partition, state) in partitions {
            guard case .inactive(let why) = state else { continue }
            inactive.append(partition)
            lost[partition] = why
        }
        guard !inactive.isEmpty else { return nil }
        return PositionRequest(partitions: inactive.sorted(), lost: lost, isNewAssignment: isNewAssignment)
    }

    /// The source delivers from these positions on. Partitions that were taken away meanwhile are ignored.
    mutating func started(_ positions: [Int32: Int64]) {
        isNewAssignment = false
        for (partition, offset) in positions where partitions[partition] != nil {
            partitions[partition] = .active(nextOffset: offset)
        }
    }

    /// A failure made the positions doubtful. That an offset was lost is not forgotten.
    mutating func doubted() {
        for (partition, state) in partitions {
            if case .active = state { partitions[partition] = .inactive(lost: nil) }
        }
    }

    // MARK: Messages

    /// What of the messages is to be handled; nil if nothing is.
    func accept(_ messages: [ConsumedMessage]) -> MessageBatch? {
        var next: [Int32: Int64] = [:]
        let accepted = messages.filter { message in
            guard case .active(let start)? = partitions[message.partition],
                message.offset >= next[message.partition] ?? start
            else { return false }
            next[message.partition] = message.offset + 1
            return true
        }
        return accepted.isEmpty ? nil : MessageBatch(messages: accepted, nextOffsets: next)
    }

    /// The handler has taken the batch over.
    mutating func handled(_ batch: MessageBatch) {
        for (partition, offset) in batch.nextOffsets {
            guard case .active(let before)? = partitions[partition] else { continue }
            assert(offset > before, "partition \(partition) moved back from \(before) to \(offset)")
            partitions[partition] = .active(nextOffset: offset)
        }
    }

    /// Whether all messages before these offsets were read under this assignment.
    func hasRead(_ offsets: [Int32: Int64]) -> Bool {
        offsets.allSatisfy { partition, offset in
            switch partitions[partition] {
            case .active(let next): offset <= next
            case .inactive: true
            case nil: false
            }
        }
    }
}
