/// The messages of one partition that were read and are not all dealt with. They end in any order; only the contiguous
/// front of those that have ended may be committed.
struct OffsetWindow {
    private var offsets: [Int64] = []
    private var isDone: [Bool] = []
    /// Everything before it in the arrays is dealt with.
    private var front = 0
    /// The offset to commit: every earlier message is dealt with.
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

    mutating func finish(_ offset: Int64) {
        guard let index = index(of: offset) else { return }
        isDone[index] = true
        while front < offsets.count, isDone[front] {
            committable = offsets[front] + 1
            front += 1
        }
        // Removing what is done half by half keeps each removal cheap.
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
