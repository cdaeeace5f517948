import CRDKafka

/// Sends the first message of a producer to each partition alone: no other message to the partition is taken until the
/// first one is acknowledged.
///
/// Kafka accepts any sequence number from a producer that the partition has no record of. librdkafka has up to five
/// requests for a partition under way. While a partition is being created, or gets a leader, the broker can refuse the
/// first request and accept the second. librdkafka then concludes that the first one was stored as well, and its
/// messages are lost. The first acknowledgement ends this: from then on the broker refuses every gap.
///
/// An open partition costs one look at a byte per message. Use the gate on one thread, and hand all delivery reports to
/// it.
public final class KafkaFirstMessageGate {
    private let client: ClientHandle
    private var topics: [KafkaTopicID: GatedTopic] = [:]
    /// The topic of the last message: neighbours go to the same topic.
    private var last: GatedTopic?
    /// First messages without a report. While there is none, reports of delivered messages say nothing new.
    private var waiting = 0

    init(_ client: ClientHandle) { self.client = client }

    /// As `KafkaProducer.produce`, for messages with a key whose partition the partitioner chooses.
    ///
    /// - Returns: `.held` while the partition waits for the report of its first message. A topic whose partitions
    ///   librdkafka does not know yet counts as one partition.
    public func produce(
        to topic: KafkaTopic, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?, headers: KafkaHeaderWriter?,
        timestampMilliseconds: Int64 = 0, correlation: UInt64
    ) -> KafkaProduceOutcome {
        if let headers, headers.isOverflowing { return .refused(.messageTooLarge) }
        guard let gate = client.gate else { preconditionFailure("a gate of a client that is no producer") }
        let known = gated(topic)
        if known.placing != nil { return .held }
        let error = withExtendedLifetime(headers) {
            rdk_produce_gated(
                client.pointer, gate, known.states, Int32(clamping: known.count), topic.pointer, address(key),
                key.count, address(value), value?.count ?? 0, headers?.entries, headers?.count ?? 0, headers?.scratch,
                timestampMilliseconds, correlation)
        }
        if gate.pointee.is_held != 0 { return .held }
        let outcome = client.outcome(error)
        if outcome == .queued, known.begin(gate.pointee.partition, correlation) { waiting += 1 }
        return outcome
    }

    /// Takes in a delivery report: opens the partition, or makes it new again if the message was not delivered.
    public func note(_ report: KafkaDelivery) {
        guard waiting > 0 || !report.isDelivered, let topic = topics[report.topic] else { return }
        if topic.end(report) { waiting -= 1 }
        assert(waiting >= 0, "more first messages are reported than were sent")
    }

    private func gated(_ topic: KafkaTopic) -> GatedTopic {
        if let last, last.id == topic.id { return last }
        let found = topics[topic.id] ?? GatedTopic(topic.id)
        topics[topic.id] = found
        last = found
        return found
    }
}

/// The states of one topic's partitions.
private final class GatedTopic {
    let id: KafkaTopicID
    /// One of `rdk_partition_…` for each partition that was written to, and those below it.
    private(set) var states: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    /// The correlation of a message that was queued without a partition and has no report yet.
    private(set) var placing: UInt64?

    init(_ id: KafkaTopicID) {
        self.id = id
        states = .allocate(capacity: 0)
    }

    deinit { states.deallocate() }

    /// A message was queued for this partition, -1 if it is not known yet. Returns whether it is a first message.
    func begin(_ partition: Int32, _ correlation: UInt64) -> Bool {
        let partition = Int(partition)
        guard partition >= 0 else {
            placing = correlation
            return true
        }
        if partition < count, states[partition] == rdk_partition_open { return false }
        set(partition, rdk_partition_waiting)
        return true
    }

    /// A message was reported. Returns whether it is a first message.
    func end(_ report: KafkaDelivery) -> Bool {
        let partition = Int(report.partition)
        let wasPlacing = placing == report.correlation
        if wasPlacing { placing = nil }
        guard partition >= 0 else { return wasPlacing }
        let wasWaiting = partition < count && states[partition] == rdk_partition_waiting
        set(partition, report.isDelivered ? rdk_partition_open : rdk_partition_new)
        return wasPlacing || wasWaiting
    }

    private func set(_ partition: Int, _ state: UInt8) {
        if partition >= count {
            let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: partition + 1)
            grown.update(from: states, count: count)
            (grown + count).update(repeating: rdk_partition_new, count: partition + 1 - count)
            states.deallocate()
            states = grown
            count = partition + 1
        }
        states[partition] = state
    }
}
