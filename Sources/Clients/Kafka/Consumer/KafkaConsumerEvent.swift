/// What a consumer's `poll` answers.
public enum KafkaConsumerEvent: Sendable {
    /// Records in order; never empty.
    case records(KafkaRecordBatch)
    /// The group gave these partitions. Answer with `assign`, naming where each starts: reading begins only then, and
    /// the group waits for it.
    case assigned([KafkaPartition])
    /// The group takes these partitions. Finish or drop what was read from them, then answer with `unassign`: the group
    /// waits for it. `lost` means others may own them already, so nothing may be committed for them any more.
    case revoked([KafkaPartition], lost: Bool)
    /// All there is has been read, up to this offset; only with `enable.partition.eof`.
    case reachedEnd(KafkaPartition, offset: Int64)
    /// Reading a partition failed: `.noStartOffset` (with `auto.offset.reset=error`: the offset asked for is gone or
    /// never was), `.unknownTopicOrPartition`, an authorization failure. For an offset, answer with `seek`.
    case partitionFailed(KafkaPartition, KafkaError)
    /// An asynchronous commit ended.
    case committed([KafkaPartition: Int64], KafkaError?)
    /// The client as a whole failed or left the group (`.pollIntervalExceeded`); see `isFatal`. Transient conditions
    /// only go to the event sink.
    case failed(KafkaError)
}
