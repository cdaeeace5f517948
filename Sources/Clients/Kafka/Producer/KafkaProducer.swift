import CRDKafka
import Synchronization
public import Threads

/// A producer: idempotent, acks=all, Java's partitioner, and no time limit on a message unless configured otherwise.
///
/// Messages are queued by `produce`, which never blocks, and each is answered by one delivery report from the
/// `KafkaDeliveryReader`, in the order of acknowledgement. All methods may be called from any thread. `flush`,
/// `initTransactions`, `commitTransaction`, `abortTransaction` and the release of the last reference (which joins
/// librdkafka's threads, dropping messages that are still queued) block: call them on a `ThreadExecutor`, never on the
/// cooperative pool.
public final class KafkaProducer: Sendable {
    let client: ClientHandle
    private let topics = Mutex<[String: KafkaTopic]>([:])

    /// Makes the client; connects in the background.
    ///
    /// - Parameters:
    ///   - wake: written when reports arrive; several clients may share one. A new one if nil.
    ///   - sink: takes logs, errors and statistics, on the thread that polls the delivery reader.
    /// - Throws: `KafkaError` that names the variable of a bad property.
    public init(
        _ configuration: KafkaConfiguration, wake: WakeDescriptor? = nil, sink: KafkaEventSink? = nil
    ) throws(KafkaError) {
        client = try ClientHandle(
            .producer, configuration.producerConfiguration(), events: rdk_event_dr, wake: makeWake(wake), sink: sink)
    }

    /// The handle of a topic, from a cache. Nothing is asked of a broker.
    ///
    /// - Throws: `KafkaError` with `.invalidTopic` for a name that no broker accepts, or for one topic more than
    ///   ``KafkaLimits/topicsPerProducer``.
    public func topic(_ name: String) throws(KafkaError) -> KafkaTopic {
        if let known = topics.withLock({ $0[name] }) { return known }
        let topic = try KafkaTopic(name, client)
        return try insert(topic)
    }

    /// The names of all topics in the cache, sorted.
    public var knownTopics: [String] { topics.withLock { $0.keys.sorted() } }

    private func insert(_ topic: KafkaTopic) throws(KafkaError) -> KafkaTopic {
        let inserted: KafkaTopic? = topics.withLock { topics in
            if let known = topics[topic.name] { return known }
            guard topics.count < KafkaLimits.topicsPerProducer else { return nil }
            topics[topic.name] = topic
            return topic
        }
        if let inserted { return inserted }
        throw KafkaError(
            .invalidTopic, "\(topic.name): the producer already knows \(KafkaLimits.topicsPerProducer) topics")
    }

    /// The reader of delivery reports; make one. It holds a buffer of `capacity` reports.
    public func deliveryReader(capacity: Int = KafkaLimits.deliveriesPerPoll) -> KafkaDeliveryReader {
        KafkaDeliveryReader(client, capacity: capacity)
    }

    /// The gate that keeps the first message to each partition alone; make one, and produce only through it.
    public func firstMessageGate() -> KafkaFirstMessageGate { KafkaFirstMessageGate(client) }

    /// Copies a message into the queue; never blocks, never allocates on Swift's side.
    ///
    /// - Parameters:
    ///   - partition: nil lets the partitioner place the message by its key.
    ///   - key: nil for no key, which is not the empty key.
    ///   - value: nil for a tombstone, which is not the empty value.
    ///   - headers: the writer's headers; the same writer may be reset and used for the next message at once.
    ///   - timestampMilliseconds: since 1970; 0 means now.
    ///   - correlation: comes back in the delivery report; any value.
    public func produce(
        to topic: KafkaTopic, partition: Int32? = nil, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: KafkaHeaderWriter? = nil, timestampMilliseconds: Int64 = 0, correlation: UInt64
    ) -> KafkaProduceOutcome {
        if let headers, headers.isOverflowing { return .refused(.messageTooLarge) }
        let error = withExtendedLifetime(headers) {
            rdk_produce(
                client.pointer, topic.pointer, partition ?? -1, address(key), key?.count ?? 0, address(value),
                value?.count ?? 0, headers?.entries, headers?.count ?? 0, headers?.scratch, timestampMilliseconds,
                correlation)
        }
        return client.outcome(error)
    }

    /// The convenient form, for tools and tests; it allocates.
    public func produce(
        to topic: KafkaTopic, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?,
        headers: KafkaHeaderWriter? = nil, correlation: UInt64 = 0
    ) -> KafkaProduceOutcome {
        withOptionalBytes(key) { key in
            withOptionalBytes(value) { value in
                produce(
                    to: topic, partition: partition, key: key, value: value, headers: headers,
                    correlation: correlation)
            }
        }
    }

    /// Waits until every queued message has its report, and hands each report to `body`. Blocks, at most for `limit`.
    ///
    /// - Returns: false if the time was up first.
    public func flush(
        _ reader: KafkaDeliveryReader, within limit: Duration, _ body: (KafkaDelivery) -> Void
    ) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            while reader.poll() > 0 {
                for index in 0..<reader.count { body(reader[index]) }
            }
            if outstanding == 0 { return true }
            let left = deadline - ContinuousClock.now
            if left <= .zero { return false }
            reader.wait(upTo: left)
        }
    }

    /// Takes messages back. Their reports still come, with a code for which `isPurged` is true.
    public func purge(_ scope: KafkaPurgeScope) throws(KafkaError) {
        try KafkaError.check(rd_kafka_purge(client.pointer, scope.rawValue), "purge")
    }

    /// The number of messages whose delivery report was not read yet; exact once the reader's `poll` returned 0.
    public var outstanding: Int { client.unreported.load(ordering: .acquiring) }

    /// Whether a certificate or a key that the settings name has been replaced since this producer was made.
    /// Connections that are open go on; new ones show the old certificate, which the brokers refuse when it has
    /// expired. Make another producer then.
    public var isOutdated: Bool { client.isOutdated }

    /// The error after which this producer accepts no more messages; nil until then. Create a new one.
    public var fatalError: KafkaError? { client.fatalError }

    /// Becomes readable when reports arrive on an empty queue.
    public var wake: WakeDescriptor { client.wake }
}

extension ClientHandle {
    /// The outcome of one call of librdkafka. A message that was queued counts as outstanding.
    func outcome(_ error: rd_kafka_resp_err_t) -> KafkaProduceOutcome {
        switch error {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            unreported.add(1, ordering: .relaxed)
            return .queued
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: return .queueFull
        default: return .refused(KafkaErrorCode(error))
        }
    }
}

/// An empty buffer may have no address, and NULL would mean "no key" or "tombstone".
func address(_ bytes: UnsafeRawBufferPointer?) -> UnsafeRawPointer? {
    guard let bytes else { return nil }
    return bytes.baseAddress ?? UnsafeRawPointer(emptyBytes)
}

nonisolated(unsafe) private let emptyBytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

private func withOptionalBytes<T>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> T) -> T {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { body($0) }
}
