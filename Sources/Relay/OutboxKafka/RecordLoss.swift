public import Outbox

/// Acknowledged records that are no longer in their partition, as their offsets show. Consumers that had not read them
/// miss them.
public struct RecordLoss: Equatable, Sendable, CustomStringConvertible {
    /// How the records went.
    public enum Cause: Equatable, Sendable {
        /// The partition began anew, or lost its newest records: the topic was deleted and created again, a broker
        /// returned without its disk, or a replica that lacked the records was elected leader.
        case reset
        /// The partition's beginning passed them so soon after they were published: `retention.bytes`, `retention.ms`,
        /// or DeleteRecords.
        case deleted(after: Duration)
    }

    /// The topic.
    public let topic: String
    /// The partition's number.
    public let partition: Int32
    /// With ``Cause/reset``: the offset after the newest acknowledged record. Else: the first offset that is gone.
    public let from: Int64
    /// With ``Cause/reset``: the offset where the partition goes on. Else: where it begins now.
    public let to: Int64
    /// How they went.
    public let cause: Cause

    /// The same for the table `record_loss`.
    public var records: LostRecords {
        switch cause {
        case .reset: LostRecords(.reset, topic: topic, partition: partition, from: to, until: from)
        case .deleted: LostRecords(.deleted, topic: topic, partition: partition, from: from, until: to)
        }
    }

    /// One line, safe to log.
    public var description: String {
        switch cause {
        case .reset:
            "offset of partition \(partition) of \(topic) went from \(from) to \(to): the topic was recreated, or its "
                + "broker lost its log; rows published before are not in it. Publishing goes on. outboxctl "
                + "rebase --republish-since publishes them again"
        case .deleted(let age):
            "partition \(partition) of \(topic) begins at offset \(to): the records from \(from) on were deleted "
                + "within \(age.components.seconds) s of their publishing (retention.bytes, retention.ms or "
                + "DeleteRecords); a consumer that had not read them misses them"
        }
    }
}
