import CRDKafka
import Glibc

/// librdkafka's mock cluster: brokers inside this process that speak the real protocol, for tests and the embedded
/// stack.
///
/// Its limits, librdkafka 2.0.2: everything in memory, at most 5 MB kept per partition; ports are chosen by the kernel
/// and cannot be fixed; topics that are used without being created get 4 partitions; it checks neither sequence numbers
/// of the idempotent producer nor message sizes, isolates no transactions, and has no admin API.
///
/// `@unchecked`: the pointers are constant, and librdkafka runs every control call on the cluster's own thread.
public final class KafkaMockCluster: @unchecked Sendable {
    /// The number of brokers; their ids are 1 to this number.
    public let brokerCount: Int
    /// For `bootstrap.servers`; all brokers listen on the loopback address.
    public let bootstrapServers: String
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    /// Starts the brokers. They run until the last reference is released.
    ///
    /// - Parameter brokers: 1 to ``KafkaLimits/mockBrokers``; their ids are 1 to `brokers`.
    /// - Throws: `KafkaError`: `.invalidArgument`, or `.fail` when librdkafka cannot start them.
    public init(brokers: Int = 1) throws(KafkaError) {
        guard (1...KafkaLimits.mockBrokers).contains(brokers) else {
            throw KafkaError(
                .invalidArgument, "a mock cluster has 1 to \(KafkaLimits.mockBrokers) brokers, not \(brokers)")
        }
        // The hosting client only gives its threads; its log would go to standard error.
        let conf = try KafkaConfiguration(["log_level": "2"]).makeConf()
        let (host, reason) = KafkaConfiguration.newClient(RD_KAFKA_PRODUCER, taking: conf)
        guard let client = host else { throw KafkaError(.fail, "cannot host a mock cluster: \(reason)") }
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

    /// Creates a topic with 1 to ``KafkaLimits/mockPartitionsPerTopic`` partitions.
    ///
    /// - Throws: `KafkaError`: `.topicAlreadyExists` if there is such a topic, with any number of partitions.
    public func createTopic(_ name: String, partitions: Int, replicas: Int = 1) throws(KafkaError) {
        guard KafkaTopic.isValid(name) else { throw KafkaError(.invalidTopic, "\"\(name)\" is no topic name") }
        guard (1...KafkaLimits.mockPartitionsPerTopic).contains(partitions) else {
            throw KafkaError(
                .invalidArgument, "a topic has 1 to \(KafkaLimits.mockPartitionsPerTopic) partitions, not \(partitions)"
            )
        }
        try KafkaError.check(
            rd_kafka_mock_topic_create(cluster, name, Int32(partitions), Int32(replicas)), "create topic \(name)")
    }

    /// Closes the connections of a broker, nil: of every broker, and accepts no new ones. Leaders stay the same.
    public func setDown(broker: Int32? = nil) throws(KafkaError) {
        try check(broker)
        try KafkaError.check(rd_kafka_mock_broker_set_down(cluster, broker ?? -1), "broker down")
    }

    /// Lets a broker, nil: every broker, accept connections again.
    public func setUp(broker: Int32? = nil) throws(KafkaError) {
        try check(broker)
        try KafkaError.check(rd_kafka_mock_broker_set_up(cluster, broker ?? -1), "broker up")
    }

    /// Delays every response of a broker, nil: of every broker, by `milliseconds`.
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

    /// Drops the errors that requests of a kind are still to get.
    public func clearErrors(apiKey: Int16) {
        rd_kafka_mock_clear_request_errors(cluster, apiKey)
    }

    /// Makes metadata requests answer with `error` for one topic; `.none` ends it.
    public func setTopicError(_ topic: String, _ error: KafkaErrorCode) {
        rd_kafka_mock_topic_set_error(cluster, topic, error.cValue)
    }

    /// Makes a broker the leader of a partition; nil leaves the partition without one. A topic that does not exist is
    /// created.
    public func setLeader(topic: String, partition: Int32, broker: Int32?) throws(KafkaError) {
        guard KafkaTopic.isValid(topic) else { throw KafkaError(.invalidTopic, "\"\(topic)\" is no topic name") }
        try check(broker)
        try KafkaError.check(
            rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker ?? -1),
            "leader of \(topic)[\(partition)]")
    }

    /// The two kinds of coordinators.
    public enum CoordinatorKind: String, Sendable {
        /// Of a `transactional.id`.
        case transaction
        /// Of a `group.id`.
        case group
    }

    /// Makes a broker the coordinator of a `transactional.id` or `group.id`.
    public func setCoordinator(_ kind: CoordinatorKind, key: String, broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_coordinator_set(cluster, kind.rawValue, key, broker), "coordinator of \(kind) \(key)")
    }

    private func check(_ broker: Int32?) throws(KafkaError) {
        guard let broker, !(1...Int32(brokerCount)).contains(broker) else { return }
        throw KafkaError(.invalidArgument, "broker \(broker) does not exist; there are 1 to \(brokerCount)")
    }
}

// MARK: - Sockets

/// Finds the listening sockets of mock brokers, which librdkafka does not give.
private enum ListenerSockets {
    /// The bound of the search; the brokers' listeners are among the first descriptors that a process opens.
    private static let maximumDescriptor: Int32 = 4096

    /// Lets the brokers answer at once. A mock broker answers each request by a write of its own, and with Nagle's
    /// algorithm the second of two small answers waits for the client's delayed acknowledgement of the first: 40 ms.
    /// Real brokers set TCP_NODELAY, too. On Linux an accepted socket inherits it from its listener.
    static func disableNagle(ports: Set<UInt16>) {
        for descriptor in 0..<maximumDescriptor
        where isListening(descriptor) && ports.contains(port(of: descriptor) ?? 0) {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var accepts: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0 && accepts == 1
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0, Int32(address.sin_family) == AF_INET else { return nil }
        return UInt16(bigEndian: address.sin_port)
    }
}
