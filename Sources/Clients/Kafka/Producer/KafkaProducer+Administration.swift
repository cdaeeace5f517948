import CRDKafka

/// The admin API. Each call blocks, at most for its limit. The mock cluster has none of it: there, every call throws
/// `.unsupportedFeature`.
extension KafkaProducer {
    /// Creates a topic; `.topicAlreadyExists` if it is there.
    ///
    /// - Parameters:
    ///   - replicas: nil leaves it to the brokers' default.
    ///   - configuration: topic settings such as `cleanup.policy`.
    public func createTopic(
        _ name: String, partitions: Int, replicas: Int? = nil, configuration: [String: String] = [:],
        within limit: Duration
    ) throws(KafkaError) {
        guard KafkaTopic.isValid(name) else { throw KafkaError(.invalidTopic, "\"\(name)\" is no topic name") }
        var reason = [CChar](repeating: 0, count: 256)
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

    private static func checkTopics(_ event: OpaquePointer) throws(KafkaError) {
        var count = 0
        guard let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        else { return }
        for index in 0..<count {
            let code = KafkaErrorCode(rd_kafka_topic_result_error(results[index]))
            if code == .none { continue }
            let reason = rd_kafka_topic_result_error_string(results[index]).map { String(cString: $0) }
            throw KafkaError(code, "create topic: \(reason ?? code.explanation)")
        }
    }

    /// A topic's settings as the brokers apply them, defaults included: `max.message.bytes`, `cleanup.policy`, ….
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
