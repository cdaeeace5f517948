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
/// owns. With `cooperative-sticky` the same code works, and the events name only the partitions that change.
///
/// Calls may come from any thread, one at a time. `poll` never blocks; `wait`, `close`, `seek`, synchronous `commit`
/// and the queries of the broker do: call them on a `ThreadExecutor`, never on the cooperative pool.
public final class KafkaConsumer: Sendable {
    let client: ClientHandle
    /// An event found while records were gathered; it comes after them. Its address, because a pointer is not Sendable.
    private let pending = Mutex<UInt>(0)
    /// The start of each assigned partition, for the partitions from which nothing was read yet.
    private let starts = Mutex<[KafkaPartition: KafkaOffset]>([:])
    private let isClosed = Atomic<Bool>(false)
    /// A member that does not poll at least this often loses its partitions.
    private let longestWait: Duration

    /// Makes the client; connects in the background.
    ///
    /// - Parameters:
    ///   - groupID: the consumer group; a `group.id` among the settings wins.
    ///   - wake: written when events arrive; several clients may share one. A new one if nil.
    ///   - sink: takes logs, errors and statistics, on the thread that polls.
    /// - Throws: `KafkaError` that names the variable of a bad property.
    public convenience init(
        _ configuration: KafkaConfiguration, groupID: String, wake: WakeDescriptor? = nil, sink: KafkaEventSink? = nil
    ) throws(KafkaError) {
        try self.init(configuration, groupID: groupID, wake: wake, sink: sink, brake: nil)
    }

    /// - Parameter brake: bounds what is fetched ahead, instead of librdkafka's own bound.
    init(
        _ configuration: KafkaConfiguration, groupID: String, wake: WakeDescriptor?, sink: KafkaEventSink?,
        brake: FetchBrake?
    ) throws(KafkaError) {
        var configuration = configuration.consumerConfiguration()
        configuration.setFallback("group.id", groupID)
        longestWait =
            .milliseconds((Int(configuration["max.poll.interval.ms"] ?? "") ?? 300_000))
            / KafkaLimits.pollIntervalDivisor
        client = try ClientHandle(
            .consumer, configuration, events: rdk_event_fetch | rdk_event_rebalance | rdk_event_offset_commit,
            wake: makeWake(wake), sink: sink, brake: brake)
    }

    deinit {
        pending.withLock { if let event = OpaquePointer(bitPattern: $0) { rd_kafka_event_destroy(event) } }
    }

    /// Joins the group for these topics; the assignment comes as `.assigned`. A name that begins with `^` is a regular
    /// expression.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(topics: topics)
        try KafkaError.check(rd_kafka_subscribe(client.pointer, list.pointer), "subscribe")
    }

    /// The next event, or nil when there is none now: then wait. Never blocks.
    ///
    /// - Parameters:
    ///   - maximumRecords: the bound of a batch.
    ///   - maximumBytes: a batch ends with the record that reaches this number of bytes.
    public func poll(
        maximumRecords: Int = KafkaLimits.recordsPerBatch, maximumBytes: Int = KafkaLimits.bytesPerBatch
    ) -> KafkaConsumerEvent? {
        pending.withLock { pending in
            var source = EventSource(client: client, pending: OpaquePointer(bitPattern: pending))
            // The source owns the pending event now, and hands back the one that is pending after it.
            let event = source.next(maximumRecords: maximumRecords, maximumBytes: maximumBytes)
            pending = UInt(bitPattern: source.pending)
            return event
        }
    }

    /// What ``scan(upTo:_:)`` found.
    enum Scanned {
        /// So many records were handed out.
        case records(Int)
        case event(KafkaConsumerEvent)
        /// The queue is empty.
        case nothing
    }

    /// Hands out records one by one without copying them; events between them are returned. Never blocks. Do not mix it
    /// with ``poll(maximumRecords:maximumBytes:)`` on one consumer.
    func scan(upTo count: Int, _ body: (borrowing KafkaRecordView) throws -> Void) rethrows -> Scanned {
        let source = EventSource(client: client)
        let scanned = try source.scan(upTo: count, body)
        if case .nothing = scanned { client.brake?.took(records: 0, bytes: 0) }
        return scanned
    }

    /// Blocks until an event arrives on the empty queue, another thread wakes the descriptor, or the time is up, but
    /// never so long that the group would expel the member. Call it only after `poll` returned nil.
    ///
    /// A caller that waits on the descriptor by other means must poll at least every third of `max.poll.interval.ms`.
    public func wait(upTo timeout: Duration? = nil) {
        client.wait(min(timeout ?? longestWait, longestWait))
    }

    /// Becomes readable when events arrive on an empty queue.
    public var wake: WakeDescriptor { client.wake }

    /// The error after which this consumer can no longer be used; nil until then. Create a new one.
    public var fatalError: KafkaError? { client.fatalError }

    /// Whether a certificate or a key that the settings name has been replaced since this consumer was made.
    /// Connections that are open go on; new ones show the old certificate, which the brokers refuse when it has
    /// expired. Make another consumer then.
    public var isOutdated: Bool { client.isOutdated }

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

    /// Serves the closing queue: the group waits until the member gives its partitions back.
    private func drain(_ closing: OpaquePointer, until deadline: ContinuousClock.Instant) -> Bool {
        while rd_kafka_consumer_closed(client.pointer) == 0 {
            let left = deadline - .now
            if left <= .zero { return false }
            // The end may come without an event, so each wait is short.
            let longest = min(left, .milliseconds(50))
            guard let event = rd_kafka_queue_poll(closing, longest.pollMilliseconds) else { continue }
            if rd_kafka_event_type(event) == rdk_event_rebalance { rd_kafka_assign(client.pointer, nil) }
            rd_kafka_event_destroy(event)
        }
        return true
    }
}

// MARK: - Assignment

extension KafkaConsumer {
    /// Answers `.assigned`: reading starts at the given offsets. It also assigns partitions without a group.
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

    /// Answers `.revoked`: reading of these partitions ends, and records that were fetched from them are dropped.
    public func unassign(_ partitions: [KafkaPartition]) throws(KafkaError) {
        if isCooperative {
            try incrementalUnassign(partitions)
        } else {
            try KafkaError.check(rd_kafka_assign(client.pointer, nil), "unassign")
        }
        starts.withLock { starts in for partition in partitions { starts[partition] = nil } }
    }

    /// Moves the reading of assigned partitions, also of one that failed with `.noStartOffset`; records fetched before
    /// are dropped. Blocks, at most for `limit`.
    ///
    /// - Throws: `KafkaError`: `.wrongState` for a partition that is not assigned.
    public func seek(_ offsets: [KafkaPartition: KafkaOffset], within limit: Duration) throws(KafkaError) {
        let list = PartitionList(offsets)
        try KafkaError.check(
            object: rd_kafka_seek_partitions(client.pointer, list.pointer, limit.pollMilliseconds), "seek")
        starts.withLock { $0.merge(offsets) { _, new in new } }
        // A partition whose reading failed is stopped, and librdkafka seeks only in running partitions.
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
        // An eager assignment can only be replaced as a whole: the other partitions keep their positions.
        let positions = try positions(assigned)
        let starts = starts.withLock { $0 }
        var whole: [KafkaPartition: KafkaOffset] = [:]
        for partition in assigned {
            whole[partition] =
                offsets[partition] ?? positions[partition].map { .at($0) } ?? starts[partition] ?? .committed
        }
        try assign(whole)
    }

    /// The offset after the last record or transaction marker that `poll` took, by partition, without the partitions
    /// from which nothing was taken. Every record before it was handed out. Never asks the broker.
    ///
    /// After a partition was unassigned and assigned again, the old position may be given for some time.
    func positions(_ partitions: [KafkaPartition]) throws(KafkaError) -> [KafkaPartition: Int64] {
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

// MARK: - Offsets

extension KafkaConsumer {
    /// The partitions that are assigned now.
    public func assignment() throws(KafkaError) -> [KafkaPartition] {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try KafkaError.check(rd_kafka_assignment(client.pointer, &list), "assignment")
        guard let list else { return [] }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        return PartitionList.partitions(list)
    }

    /// Stops fetching from assigned partitions; they stay assigned.
    public func pause(_ partitions: [KafkaPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_pause_partitions(client.pointer, list.pointer), "pause")
        try list.check("pause")
    }

    /// Fetches again from paused partitions.
    public func resume(_ partitions: [KafkaPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_resume_partitions(client.pointer, list.pointer), "resume")
        try list.check("resume")
    }

    /// Commits an offset of each partition to the group: that of the last applied record plus one. Blocks until the
    /// broker has the offsets, without a time limit.
    public func commit(_ offsets: [KafkaPartition: Int64]) throws(KafkaError) {
        let list = PartitionList(offsets.mapValues { KafkaOffset.at($0) })
        try KafkaError.check(rd_kafka_commit(client.pointer, list.pointer, 0), "commit")
        try list.check("commit")
    }

    /// Starts a commit; the outcome comes as `.committed`. Never blocks.
    public func commitWithoutWaiting(_ offsets: [KafkaPartition: Int64]) throws(KafkaError) {
        let list = PartitionList(offsets.mapValues { KafkaOffset.at($0) })
        try KafkaError.check(rd_kafka_commit(client.pointer, list.pointer, 1), "commit")
    }

    /// The offsets that the group committed, without the partitions for which it has none. Blocks, at most for `limit`.
    public func committed(
        _ partitions: [KafkaPartition], within limit: Duration
    ) throws(KafkaError) -> [KafkaPartition: Int64] {
        let list = PartitionList(partitions)
        try KafkaError.check(
            rd_kafka_committed(client.pointer, list.pointer, limit.pollMilliseconds), "committed offsets")
        try list.check("committed offset of")
        return list.offsets
    }
}
