/// The messages of one partition that were read and are not all settled. They are settled in any order; only the offset
/// before the first one that is not settled may be committed.
struct OffsetWindow {
    private var offsets: [Int64] = []
    private var isDone: [Bool] = []
    /// All entries of the arrays before this index are settled.
    private var front = 0
    /// The offset to commit: all messages before it are settled.
    private(set) var committable: Int64

    init(startingAt offset: Int64) {
        committable = offset
    }

    /// Returns false for a message that was read before.
    mutating func add(_ offset: Int64) -> Bool {
        guard offset >= (offsets.last.map { $0 + 1 } ?? committable) else { return false }
        offsets.append(offset)
        isDone.append(false)
        return true
    }

    /// The message is settled. An offset that is not in the window is ignored.
    mutating func finish(_ offset: Int64) {
        guard let index = index(of: offset) else { return }
        isDone[index] = true
        while front < offsets.count, isDone[front] {
            assert(offsets[front] >= committable, "offset \(offsets[front]) is behind \(committable)")
            committable = offsets[front] + 1
            front += 1
        }
        // Removing settled entries only when they are the larger half keeps each removal cheap.
        if front * 2 > offsets.count {
            offsets.removeFirst(front)
            isDone.removeFirst(front)
            front = 0
        }
    }

    private func index(of offset: Int64) -> Int? {
        var (low, high) = (front, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < offsets.count && offsets[low] == offset ? low : nil
    }
}
