import Synchronization

/// The acknowledged offsets of one topic, and what follows from them.
final class TopicOffsets: Sendable {
    /// Where a partition ended at some time: the offset after the newest record.
    private struct Mark {
        var next: Int64
        var at: ContinuousClock.Instant
    }

    /// What is known of one partition.
    private struct Partition {
        /// The offset after the newest acknowledged record; nil before the first.
        var next: Int64?
        /// Earlier places, oldest first: records behind them are younger than the mark.
        var marks: [Mark] = []
        /// It seemed to have lost records; they count as lost if it seems so again.
        var isSuspect = false
    }

    let name: String
    private let partitions = Mutex<[Partition]>([])

    /// Records that are deleted sooner than this are told.
    static let shortLife = Duration.seconds(600)

    init(_ name: String) { self.name = name }

    /// A record was acknowledged. Returns what its offset shows: an offset that Kafka had assigned before.
    func note(_ partition: Int32, _ offset: Int64) -> RecordLoss? {
        let index = Int(partition)
        return partitions.withLock { partitions in
            guard index >= 0, index < PublishedOffsets.followedPartitions else { return nil }
            if index >= partitions.count {
                partitions += Array(repeating: Partition(), count: index + 1 - partitions.count)
            }
            let next = partitions[index].next
            partitions[index].next = offset + 1
            guard let next else {
                partitions[index].marks = [Mark(next: offset, at: .now)]
                return nil
            }
            guard offset < next else { return nil }
            return begin(&partitions[index], anewAt: offset, partition, from: next)
        }
    }

    /// The partitions that were written to.
    var followed: [Int32] {
        partitions.withLock { partitions in
            partitions.indices.filter { partitions[$0].next != nil }.map(Int32.init)
        }
    }

    /// The offset after the newest acknowledged record of a partition; nil if there is none.
    func next(_ partition: Int32) -> Int64? {
        partitions.withLock { $0.indices.contains(Int(partition)) ? $0[Int(partition)].next : nil }
    }

    /// Compares with what Kafka says of the partition.
    ///
    /// - Parameters:
    ///   - expected: ``next(_:)`` before Kafka was asked.
    ///   - low: the offset of the partition's oldest record.
    ///   - high: its next offset. An end that is too low counts when it is found twice, since a new leader may not know
    ///     its end at once.
    func compare(
        _ partition: Int32, expected: Int64, low: Int64, high: Int64, now: ContinuousClock.Instant = .now
    ) -> RecordLoss? {
        partitions.withLock { partitions in
            let index = Int(partition)
            guard partitions.indices.contains(index), let next = partitions[index].next, next >= expected else {
                return nil
            }
            if high < expected {
                guard next == expected else { return nil }
                guard partitions[index].isSuspect else {
                    partitions[index].isSuspect = true
                    return nil
                }
                partitions[index].next = high
                return begin(&partitions[index], anewAt: high, partition, from: next)
            }
            partitions[index].isSuspect = false
            // Records of others and the markers of transactions count as well.
            defer { mark(&partitions[index], high, now) }
            guard let oldest = partitions[index].marks.first, low > oldest.next else { return nil }
            partitions[index].marks = []
            return RecordLoss(
                topic: name, partition: partition, from: oldest.next, to: low,
                cause: .deleted(after: now - oldest.at))
        }
    }

    private func begin(
        _ state: inout Partition, anewAt offset: Int64, _ partition: Int32, from next: Int64
    ) -> RecordLoss {
        state.marks = [Mark(next: offset, at: .now)]
        state.isSuspect = false
        return RecordLoss(topic: name, partition: partition, from: next, to: offset, cause: .reset)
    }

    /// Notes where the partition ends now, and forgets what is older than a short life.
    private func mark(_ state: inout Partition, _ next: Int64, _ now: ContinuousClock.Instant) {
        if state.marks.last?.next == next {
            // Nothing was published since: records behind this place will be younger than now.
            state.marks[state.marks.count - 1].at = now
        } else {
            state.marks.append(Mark(next: next, at: now))
        }
        state.marks.removeAll { now - $0.at > Self.shortLife }
    }
}
