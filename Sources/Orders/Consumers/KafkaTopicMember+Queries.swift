import Kafka

/// Questions to the broker; each blocks for a bounded time.
extension KafkaTopicMember {
    /// The cluster's id as it is now: fresh metadata first, since the client remembers the id of the last it saw.
    func clusterID() throws(MemberError) -> String {
        try attempt { () throws(KafkaError) in
            _ = try consumer.metadata(topic: topic, within: MemberLimits.brokerAnswer)
            return try consumer.clusterID(within: MemberLimits.brokerAnswer)
        }
    }

    func endOffsets(of partitions: [Int32]) throws(MemberError) -> [Int32: Int64] {
        try attempt { () throws(KafkaError) in
            var offsets: [Int32: Int64] = [:]
            for partition in partitions {
                let marks = try consumer.watermarks(
                    KafkaPartition(topic: topic, index: partition), within: MemberLimits.brokerAnswer)
                offsets[partition] = marks.high
            }
            return offsets
        }
    }

    /// What the group committed; partitions without are missing.
    func committedOffsets(of partitions: [Int32]) throws(MemberError) -> [Int32: Int64] {
        try attempt { () throws(KafkaError) in
            let offsets = try consumer.committed(
                partitions.map { KafkaPartition(topic: topic, index: $0) }, within: MemberLimits.brokerAnswer)
            return Dictionary(offsets.map { ($0.key.index, $0.value) }) { $1 }
        }
    }

    func commit(_ offsets: [Int32: Int64], waiting: Bool) throws(MemberError) {
        let offsets = Dictionary(offsets.map { (KafkaPartition(topic: topic, index: $0.key), $0.value) }) { $1 }
        try attempt { () throws(KafkaError) in
            if waiting { try consumer.commit(offsets) } else { try consumer.commitWithoutWaiting(offsets) }
        }
    }
}
