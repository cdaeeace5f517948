import CRDKafka
import Threads

/// The admin API. Each call blocks, at most for its limit. The mock cluster does not have it: there, every call throws
/// `.unsupportedFeature`.
extension KafkaProducer {
    /// Creates a topic.
    ///
    /// - Parameters:
    ///   - replicas: nil takes the brokers' default.
    ///   - configuration: topic settings such as `cleanup.policy`.
    /// - Throws: `KafkaError`: `.topicAlreadyExists` if there is such a topic, `.timedOut` after `limit`.
    public func createTopic(
        _ name: String, partitions: Int, replicas: Int? = nil, configuration: [String: String] = [:],
        within limit: Duration
    ) throws(KafkaError) {
        guard KafkaTopic.isValid(name) else { throw KafkaError(.invalidTopic, "\"\(name)\" is no topic name") }
        var reason = [CChar](repeating: 0, count: KafkaLimits.reasonBytes)
        var topic = rd_kafka_NewTopic_new(
            name, Int32(clamping: partitions), Int32(replicas ?? -1), &reason, reason.count)
        guard let created = topic else { throw KafkaError(.invalidArgument, "create topic \(name): \(text(reason))") }
        defer { rd_kafka_NewTopic_destroy(created) }
        for (key, value) in configuration {
            try KafkaError.check(rd_kafka_NewTopic_set_config(created, key, value), "create topic \(name): \(key)")
        }
        let request = try AdminRequest(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, within: limit)
        try request.perform("create topic \(name)") { options, queue in
            rd_kafka_CreateTopics(client.pointer, &topic, 1, options, queue)
        } read: { (event) throws(KafkaError) in
            try Self.checkTopics(event)
        }
    }

    /// Deletes a topic with its records.
    ///
    /// - Throws: `KafkaError`: `.unknownTopic` if there is none, `.timedOut` after `limit`.
    public func deleteTopic(_ name: String, within limit: Duration) throws(KafkaError) {
        var topic = rd_kafka_DeleteTopic_new(name)
        guard let deleted = topic else { throw KafkaError(.invalidTopic, "\"\(name)\" is no topic name") }
        defer { rd_kafka_DeleteTopic_destroy(deleted) }
        let request = try AdminRequest(client, RD_KAFKA_ADMIN_OP_DELETETOPICS, within: limit)
        try request.perform("delete topic \(name)") { options, queue in
            rd_kafka_DeleteTopics(client.pointer, &topic, 1, options, queue)
        } read: { (event) throws(KafkaError) in
            var count = 0
            let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
            try Self.check(results, count, "delete topic")
        }
    }

    private static func checkTopics(_ event: OpaquePointer) throws(KafkaError) {
        var count = 0
        let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        try check(results, count, "create topic")
    }

    private static func check(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ doing: String
    ) throws(KafkaError) {
        guard let results else { return }
        for index in 0..<count {
            let code = KafkaErrorCode(rd_kafka_topic_result_error(results[index]))
            if code == .none { continue }
            let reason = rd_kafka_topic_result_error_string(results[index]).map { String(cString: $0) }
            throw KafkaError(code, "\(doing): \(reason ?? code.explanation)")
        }
    }

    /// A topic's settings as the brokers apply them, defaults included, by name: `max.message.bytes`, `cleanup.policy`
    /// and others.
    public func topicConfiguration(_ name: String, within limit: Duration) throws(KafkaError) -> [String: String] {
        var resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name)
        guard let described = resource else { throw KafkaError(.invalidTopic, "\"\(name)\" is no topic name") }
        defer { rd_kafka_ConfigResource_destroy(described) }
        let request = try AdminRequest(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, within: limit)
        return try request.perform("settings of topic \(name)") { options, queue in
            rd_kafka_DescribeConfigs(client.pointer, &resource, 1, options, queue)
        } read: { (event) throws(KafkaError) in
            try Self.settings(event)
        }
    }

    private static func settings(_ event: OpaquePointer) throws(KafkaError) -> [String: String] {
        var settings: [String: String] = [:]
        var count = 0
        let result = rd_kafka_event_DescribeConfigs_result(event)
        guard let resources = rd_kafka_DescribeConfigs_result_resources(result, &count) else { return settings }
        for index in 0..<count {
            guard let resource = resources[index] else { continue }
            let code = KafkaErrorCode(rd_kafka_ConfigResource_error(resource))
            if code != .none {
                let reason = rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) }
                throw KafkaError(code, "settings of topic: \(reason ?? code.explanation)")
            }
            var entryCount = 0
            guard let entries = rd_kafka_ConfigResource_configs(resource, &entryCount) else { continue }
            for entry in UnsafeBufferPointer(start: entries, count: entryCount) {
                guard let entry, let name = rd_kafka_ConfigEntry_name(entry) else { continue }
                settings[String(cString: name)] = rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) } ?? ""
            }
        }
        return settings
    }
}

// MARK: - Requests

/// One request of the admin API: its options and the queue of its answer.
private struct AdminRequest: ~Copyable {
    private let queue: OpaquePointer
    private let options: OpaquePointer
    private let limit: Duration

    init(_ client: ClientHandle, _ operation: rd_kafka_admin_op_t, within limit: Duration) throws(KafkaError) {
        try Self.requireController(client, limit)
        guard let queue = rd_kafka_queue_new(client.pointer) else { throw KafkaError(.fail, "no queue for a request") }
        guard let options = rd_kafka_AdminOptions_new(client.pointer, operation) else {
            rd_kafka_queue_destroy(queue)
            throw KafkaError(.fail, "no options for a request")
        }
        self.queue = queue
        self.options = options
        self.limit = limit
        var reason = [CChar](repeating: 0, count: KafkaLimits.reasonBytes)
        let milliseconds = min(max(limit.pollMilliseconds, 1), 3_600_000)
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &reason, reason.count)
    }

    deinit {
        rd_kafka_AdminOptions_destroy(options)
        rd_kafka_queue_destroy(queue)
    }

    /// Requests go to the controller, and librdkafka waits for one for the whole limit. The mock cluster names a
    /// controller that is none of its brokers.
    private static func requireController(_ client: ClientHandle, _ limit: Duration) throws(KafkaError) {
        let brokers = try client.metadata(topic: nil, within: limit).brokers
        let wait = min(limit, .milliseconds(KafkaLimits.controllerWaitMilliseconds))
        let controller = rd_kafka_controllerid(client.pointer, wait.pollMilliseconds)
        guard brokers.contains(where: { $0.id == controller }) else {
            throw KafkaError(
                .unsupportedFeature,
                "no broker is the controller: an embedded Kafka, which has no admin API, or brokers without a quorum")
        }
    }

    /// Sends by `send`, waits for the answer and hands it to `read`. Blocks.
    func perform<T>(
        _ doing: String, send: (_ options: OpaquePointer, _ queue: OpaquePointer) -> Void,
        read: (_ event: OpaquePointer) throws(KafkaError) -> T
    ) throws(KafkaError) -> T {
        send(options, queue)
        // This wait is a little longer than the request's own limit, so that the request's own error is reported.
        guard let event = rd_kafka_queue_poll(queue, (limit + .seconds(1)).pollMilliseconds) else {
            throw KafkaError(.timedOut, "\(doing): no answer in time")
        }
        defer { rd_kafka_event_destroy(event) }
        let code = KafkaErrorCode(rd_kafka_event_error(event))
        if code != .none {
            let reason = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? code.explanation
            throw KafkaError(code, "\(doing): \(reason)")
        }
        return try read(event)
    }
}
