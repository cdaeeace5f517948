import CRDKafka

/// librdkafka's mock cluster: brokers inside this process that speak the real protocol, for tests and the embedded
/// stack.
///
/// Its limits, librdkafka 2.0.2: everything in memory, at most 5 MB kept per partition; ports are chosen by the kernel
/// and cannot be fixed; topics nobody created appear with 4 partitions; it checks neither sequence numbers of the
/// idempotent producer nor message sizes, isolates no transactions, and has no admin API.
///
/// `@unchecked`: the pointers are constant, and librdkafka runs every control call on the cluster's own thread.
public final class KafkaMockCluster: @unchecked Sendable {
    public let brokerCount: Int
    /// For `bootstrap.servers`; all brokers listen on the loopback address.
    public let bootstrapServers: String
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    /// - Parameter brokers: their ids are 1 to `brokers`.
    public init(brokers: Int = 1) throws(KafkaError) {
        guard brokers >= 1 && brokers <= 100 else {
            throw KafkaError(.invalidArgument, "a mock cluster has 1 to 100 brokers, not \(brokers)")
        }
        // The hosting client only lends its threads; its log would otherwise go to standard error.
        let conf = try KafkaConfiguration(["log_level": "2"]).makeConf()
        var reason = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, &reason, reason.count) else {
            rd_kafka_conf_destroy(conf)
            throw KafkaError(.fail, "cannot host a mock cluster: \(text(reason))")
        }
        guard let cluster = rd_kafka_mock_cluster_new(client, Int32(brokers)) else {
            rd_kafka_destroy(client)
            throw KafkaError(.fail, "cannot create a mock cluster of \(brokers) brokers")
        }
        self.client = client
        self.cluster = cluster
        self.brokerCount = brokers
        self.bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        let ports = bootstrapServers.split(separator: ",").compactMap {
            $0.split(separator: ":").last.flatMap { UInt16($0) }
        }
        ListenerSockets.disableNagle(ports: Set(ports))
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(client)
    }

    /// Creates a topic; `.topicAlreadyExists` if it is there, with whatever number of partitions.
    public func createTopic(_ name: String, partitions: Int, replicas: Int = 1) throws(KafkaError) {
        guard KafkaTopic.isValid(name) else { throw KafkaError(.invalidTopic, "\"\(name)\" is no topic name") }
        guard partitions >= 1 && partitions <= 10_000 else {
            throw KafkaError(.invalidArgument, "a topic has 1 to 10000 partitions, not \(partitions)")
        }
        try KafkaError.check(
            rd_kafka_mock_topic_create(cluster, name, Int32(partitions), Int32(replicas)), "create topic \(name)")
    }

    /// Closes connections and takes no new ones; leaders stay where they are. Nil means every broker.
    public func setDown(broker: Int32? = nil) throws(KafkaError) {
        try check(broker)
        try KafkaError.check(rd_kafka_mock_broker_set_down(cluster, broker ?? -1), "broker down")
    }

    public func setUp(broker: Int32? = nil) throws(KafkaError) {
        try check(broker)
        try KafkaError.check(rd_kafka_mock_broker_set_up(cluster, broker ?? -1), "broker up")
    }

    /// Delays every response by `milliseconds`.
    public func setLatency(milliseconds: Int32, broker: Int32? = nil) throws(KafkaError) {
        try check(broker)
        guard milliseconds >= 0 else { throw KafkaError(.invalidArgument, "latency cannot be negative") }
        try KafkaError.check(rd_kafka_mock_broker_set_rtt(cluster, broker ?? -1, milliseconds), "broker latency")
    }

    /// The next requests of kind `apiKey` (0 is Produce, 1 Fetch, 3 Metadata, …) fail with `errors`, one each.
    ///
    /// Several produce requests in flight and injected errors lose or reorder messages here, unlike on a real broker:
    /// set `max.in.flight` to 1 on the producer.
    public func pushErrors(apiKey: Int16, _ errors: [KafkaErrorCode]) {
        let codes = errors.map(\.cValue)
        rd_kafka_mock_push_request_errors_array(cluster, apiKey, codes.count, codes)
    }

    public func clearErrors(apiKey: Int16) {
        rd_kafka_mock_clear_request_errors(cluster, apiKey)
    }

    /// Makes metadata requests answer with `error` for one topic; `.none` ends it.
    public func setTopicError(_ topic: String, _ error: KafkaErrorCode) {
        rd_kafka_mock_topic_set_error(cluster, topic, error.cValue)
    }

    /// Moves a partition; nil leaves it without a leader. The topic is created if it does not exist.
    public func setLeader(topic: String, partition: Int32, broker: Int32?) throws(KafkaError) {
        guard KafkaTopic.isValid(topic) else { throw KafkaError(.invalidTopic, "\"\(topic)\" is no topic name") }
        try check(broker)
        try KafkaError.check(
            rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker ?? -1),
            "leader of \(topic)[\(partition)]")
    }

    public enum CoordinatorKind: String, Sendable { case transaction, group }

    /// Names the coordinator of a `transactional.id` or `group.id`.
    public func setCoordinator(_ kind: CoordinatorKind, key: String, broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_coordinator_set(cluster, kind.rawValue, key, broker), "coordinator of \(kind) \(key)")
    }

    private func check(_ broker: Int32?) throws(KafkaError) {
        guard let broker, !(1...Int32(brokerCount)).contains(broker) else { return }
        throw KafkaError(.invalidArgument, "broker \(broker) does not exist; there are 1 to \(brokerCount)")
    }
}
