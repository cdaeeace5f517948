import CRDKafka
import Synchronization

extension KafkaConsumer {
    /// Answers `.assigned`: reading starts at the given offsets. Also assigns by hand, without a group.
    public func assign(_ offsets: [KafkaPartition: KafkaOffset]) throws(KafkaError) {
        if isCooperative {
            try incrementalAssign(offsets)
            starts.withLock { $0.merge(offsets) { _, new in new } }
        } else {
            let list = PartitionList(offsets)
            try KafkaError.check(rd_kafka_assign(client.pointer, list.pointer), "assign")
            starts.withLock { $0 = offsets }
        }
    }

    /// Answers `.revoked`: reading of these partitions ends, and what was fetched from them is dropped.
    public func unassign(_ partitions: [KafkaPartition]) throws(KafkaError) {
        if isCooperative {
            try incrementalUnassign(partitions)
        } else {
            try KafkaError.check(rd_kafka_assign(client.pointer, nil), "unassign")
        }
        starts.withLock { starts in for partition in partitions { starts[partition] = nil } }
    }

    /// Continues assigned partitions elsewhere, also one that failed with `.noStartOffset`; records fetched before are
    /// dropped. Blocks, at most for `limit`.
    public func seek(_ offsets: [KafkaPartition: KafkaOffset], within limit: Duration) throws(KafkaError) {
        let list = PartitionList(offsets)
        try KafkaError.check(
            object: rd_kafka_seek_partitions(client.pointer, list.pointer, limit.pollMilliseconds), "seek")
        starts.withLock { $0.merge(offsets) { _, new in new } }
        // A partition whose reading failed is stopped, and librdkafka seeks only in running ones.
        let stopped = PartitionList.entries(list.pointer)
            .filter { $0.err == RD_KAFKA_RESP_ERR__STATE }.map { PartitionList.partition($0) }
        guard stopped.isEmpty else { return try restart(stopped, offsets) }
        try list.check("seek")
    }

    private func restart(_ stopped: [KafkaPartition], _ offsets: [KafkaPartition: KafkaOffset]) throws(KafkaError) {
        let assigned = try assignment()
        for partition in stopped where !assigned.contains(partition) {
            throw KafkaError(.wrongState, "seek \(partition): it is not assigned to this consumer")
        }
        if isCooperative {
            try incrementalUnassign(stopped)
            try incrementalAssign(offsets.filter { stopped.contains($0.key) })
            return
        }
        // An eager assignment can only be replaced as a whole: the others go on where they are.
        let positions = try positions(assigned)
        let starts = starts.withLock { $0 }
        var whole: [KafkaPartition: KafkaOffset] = [:]
        for partition in assigned {
            whole[partition] =
                offsets[partition] ?? positions[partition].map { .at($0) } ?? starts[partition] ?? .committed
        }
        try assign(whole)
    }

    /// The offset after the last record handed out; partitions nothing was read from are missing.
    private func positions(_ partitions: [KafkaPartition]) throws(KafkaError) -> [KafkaPartition: Int64] {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_position(client.pointer, list.pointer), "position")
        return list.offsets
    }

    private func incrementalAssign(_ offsets: [KafkaPartition: KafkaOffset]) throws(KafkaError) {
        let list = PartitionList(offsets)
        try KafkaError.check(object: rd_kafka_incremental_assign(client.pointer, list.pointer), "assign")
    }

    private func incrementalUnassign(_ partitions: [KafkaPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(object: rd_kafka_incremental_unassign(client.pointer, list.pointer), "unassign")
    }

    private var isCooperative: Bool {
        rd_kafka_rebalance_protocol(client.pointer).map { String(cString: $0) } == "COOPERATIVE"
    }
}
