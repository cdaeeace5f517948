import CRDKafka

/// One request of the admin API: its options and the queue its answer comes on.
struct AdminRequest: ~Copyable {
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
        var reason = [CChar](repeating: 0, count: 256)
        let milliseconds = min(max(limit.pollMilliseconds, 1), 3_600_000)
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &reason, reason.count)
    }

    deinit {
        rd_kafka_AdminOptions_destroy(options)
        rd_kafka_queue_destroy(queue)
    }

    /// Requests go to the controller, and librdkafka waits for it for the whole limit. The mock cluster names one that
    /// is none of its brokers.
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
        // The request has its own limit; a little longer, so that its own error is the one reported.
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
