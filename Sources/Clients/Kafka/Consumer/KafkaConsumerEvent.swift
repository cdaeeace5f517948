/// An answer of ``KafkaConsumer/poll(maximumRecords:maximumBytes:)``.
public enum KafkaConsumerEvent: Sendable {
    /// Records in order; never empty.
    case records(KafkaRecordBatch)
    /// The group gave these partitions. Answer with `assign`, which says where each starts: reading begins only then,
    /// and the group waits for it.
    case assigned([KafkaPartition])
    /// The group takes these partitions. Finish or drop the records read from them, then answer with `unassign`: the
    /// group waits for it. `lost` means that other members may own them already: commit nothing for them any more.
    case revoked([KafkaPartition], lost: Bool)
    /// Every record of a partition up to this offset was read; only with `enable.partition.eof`.
    case reachedEnd(KafkaPartition, offset: Int64)
    /// Reading a partition failed: `.noStartOffset` (with `auto.offset.reset=error`: the partition does not have the
    /// offset), `.unknownTopicOrPartition`, an authorization failure. Answer `.noStartOffset` with `seek`.
    case partitionFailed(KafkaPartition, KafkaError)
    /// An asynchronous commit ended.
    case committed([KafkaPartition: Int64], KafkaError?)
    /// The client as a whole failed, or left the group (`.pollIntervalExceeded`); see `isFatal`. Transient conditions
    /// go to the event sink only.
    case failed(KafkaError)
}
