import CRDKafka
import Synchronization
public import Threads

/// A member of a consumer group that takes its offsets from the application.
///
///     try consumer.subscribe(["outbox.event.order"])
///     while running {
///         guard let event = try consumer.poll() else { consumer.wait(upTo: .seconds(5)); continue }
///         switch event {
///         case .assigned(let partitions): try consumer.assign(startOffsets(partitions))
///         case .revoked(let partitions, _): try consumer.unassign(partitions)
///         case .records(let batch): try apply(batch)
///         …
///     }
///
/// The assignment is eager by default (`partition.assignment.strategy`): an assignment names everything the member
/// owns. With `cooperative-sticky` the same code works, and the events name only what changes.
///
/// Calls may come from any thread, one at a time. `poll` never blocks; `wait`, `close`, `seek`, synchronous `commit`
/// and the queries of the broker do: on a `ThreadExecutor`, never on the cooperative pool.
public final class KafkaConsumer: Sendable {
    let client: ClientHandle
    /// An event found while records were being gathered; it comes after them. Its bits, for the lock's sake.
    private let pending = Mutex<UInt>(0)
    /// Where each assigned partition was told to start, for those nothing has been read from yet.
    let starts = Mutex<[KafkaPartition: KafkaOffset]>([:])
    private let isClosed = Atomic<Bool>(false)
    /// A group member must poll at least this often or lose its place.
    private let longestWait: Duration

    /// - Parameter groupID: the consumer group; a `group.id` among the settings wins.
    public init(
        _ configuration: KafkaConfiguration, groupID: String, wake: WakeDescriptor? = nil, sink: KafkaEventSink? = nil
    ) throws(KafkaError) {
        var configuration = configuration.consumerConfiguration()
        configuration.setFallback("group.id", groupID)
        longestWait =
            .milliseconds((Int(configuration["max.poll.interval.ms"] ?? "") ?? 300_000))
            / KafkaLimits.pollIntervalDivisor
        client = try ClientHandle(
            .consumer, configuration, events: rdk_event_fetch | rdk_event_rebalance | rdk_event_offset_commit,
            wake: makeWake(wake), sink: sink)
    }

    deinit {
        pending.withLock { if let event = OpaquePointer(bitPattern: $0) { rd_kafka_event_destroy(event) } }
    }

    /// Joins the group for these topics. A name that begins with `^` is a regular expression.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(topics: topics)
        try KafkaError.check(rd_kafka_subscribe(client.pointer, list.pointer), "subscribe")
    }

    /// The next event, or nil when there is none now: then wait. Records are gathered up to both bounds.
    public func poll(
        maximumRecords: Int = KafkaLimits.recordsPerBatch, maximumBytes: Int = KafkaLimits.bytesPerBatch
    ) -> KafkaConsumerEvent? {
        pending.withLock { pending in
            var source = EventSource(client: client, pending: OpaquePointer(bitPattern: pending))
            let event = source.next(maximumRecords: maximumRecords, maximumBytes: maximumBytes)
            pending = UInt(bitPattern: source.pending)
            return event
        }
    }

    /// Sleeps until something arrives on an empty queue, somebody wakes the descriptor, or the time is up, but never so
    /// long that the group would expel the member. Call it only after `poll` returned nil. Whoever waits on the
    /// descriptor by other means must poll at least every third of `max.poll.interval.ms`.
    public func wait(upTo timeout: Duration? = nil) {
        client.wait(min(timeout ?? longestWait, longestWait))
    }

    /// Becomes readable when events arrive on an empty queue.
    public var wake: WakeDescriptor { client.wake }

    /// The error after which this consumer is of no use; create a new one.
    public var fatalError: KafkaError? { client.fatalError }

    /// Leaves the group and ends reading; afterwards only release the consumer. Blocks, at most for `limit`.
    ///
    /// - Returns: false if the broker did not answer in time; the group then notices by its session timeout.
    @discardableResult
    public func close(within limit: Duration) -> Bool {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return true }
        pending.withLock { pending in
            if let event = OpaquePointer(bitPattern: pending) { rd_kafka_event_destroy(event) }
            pending = 0
        }
        guard let closing = rd_kafka_queue_new(client.pointer) else { return false }
        defer { rd_kafka_queue_destroy(closing) }
        if let error = rd_kafka_consumer_close_queue(client.pointer, closing) {
            rd_kafka_error_destroy(error)
            return false
        }
        return drain(closing, until: .now + limit)
    }

    /// Serves the closing queue: the group waits for its partitions to be given back.
    private func drain(_ closing: OpaquePointer, until deadline: ContinuousClock.Instant) -> Bool {
        while rd_kafka_consumer_closed(client.pointer) == 0 {
            let left = deadline - .now
            if left <= .zero { return false }
            // The end may come without an event, so one wait is short.
            let longest = min(left, .milliseconds(50))
            guard let event = rd_kafka_queue_poll(closing, longest.pollMilliseconds) else { continue }
            if rd_kafka_event_type(event) == rdk_event_rebalance { rd_kafka_assign(client.pointer, nil) }
            rd_kafka_event_destroy(event)
        }
        return true
    }
}
