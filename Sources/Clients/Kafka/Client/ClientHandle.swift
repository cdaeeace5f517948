import CRDKafka
import Synchronization
import Threads

/// The owner of one `rd_kafka_t` and the one queue all its events arrive on.
///
/// `@unchecked`: librdkafka's functions on these two pointers are thread-safe, and both are constant until deinit.
final class ClientHandle: @unchecked Sendable {
    /// The client.
    let pointer: OpaquePointer
    /// The queue of all events of the client.
    let queue: OpaquePointer
    /// Written when an event arrives on the empty queue.
    let wake: WakeDescriptor
    private let sink: KafkaEventSink?
    private let files: KafkaFiles
    private let credentials: KafkaCredentials?
    private let throttle: ThrottleCallback?
    /// Chooses the partition of each message of a producer; nil for a consumer. Used by one ``KafkaFirstMessageGate``.
    let gate: UnsafeMutablePointer<rdk_gate>?
    /// Holds up the fetching of a consumer that reads much ahead; nil for all other clients.
    let brake: FetchBrake?
    /// The number of a producer's messages that librdkafka still holds: queued, in flight, or reported and not read.
    let unreported = Atomic<Int>(0)

    /// - Parameters:
    ///   - events: the kinds of events to deliver besides logs, errors and statistics.
    ///   - brake: for a consumer that reads topics to their end.
    /// - Throws: `KafkaError` that names the variable of a setting that librdkafka refuses.
    init(
        _ kind: KafkaConfiguration.ClientKind, _ configuration: KafkaConfiguration, events: Int32, wake: WakeDescriptor,
        sink: KafkaEventSink?, brake: FetchBrake? = nil
    ) throws(KafkaError) {
        assert(KafkaLimits.areConsistent)
        // Before librdkafka reads them: a file that changes meanwhile counts as changed.
        files = KafkaFiles(configuration)
        credentials = KafkaCredentials(configuration)
        let conf = try configuration.makeConf()
        rd_kafka_conf_set_events(conf, events | rdk_event_log | rdk_event_error | rdk_event_stats)
        throttle = sink.map { ThrottleCallback($0) }
        throttle?.install(conf)
        brake?.install(conf)
        let gate = kind == .producer ? UnsafeMutablePointer<rdk_gate>.allocate(capacity: 1) : nil
        if let gate { rdk_gate_install(gate, conf) }
        let (client, reason) = KafkaConfiguration.newClient(kind.type, taking: conf)
        guard let pointer = client else {
            gate?.deallocate()
            throw configuration.creationFault(reason).error
        }
        if kind == .consumer { rd_kafka_poll_set_consumer(pointer) }
        let queue = kind == .producer ? rd_kafka_queue_get_main(pointer) : rd_kafka_queue_get_consumer(pointer)
        guard let queue else {
            rd_kafka_destroy(pointer)
            gate?.deallocate()
            throw KafkaError(.fail, "librdkafka gave no event queue")
        }
        self.gate = gate
        self.brake = brake
        self.pointer = pointer
        self.queue = queue
        self.wake = wake
        self.sink = sink
        // librdkafka keeps a copy of the byte, and writes it when the queue was empty.
        var byte: UInt8 = 1
        rd_kafka_queue_io_event_enable(queue, wake.writeDescriptor, &byte, 1)
        rd_kafka_set_log_queue(pointer, queue)
        enableTokenRefresh(configuration)
    }

    deinit {
        brake?.end()
        rd_kafka_queue_io_event_enable(queue, -1, nil, 0)
        rd_kafka_queue_destroy(queue)
        // Consumers leave their group in `close`; without it this must not block on the broker.
        rd_kafka_destroy_flags(pointer, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
        gate?.deallocate()
    }

    /// OAUTHBEARER tokens are fetched on librdkafka's own thread, so that a slow identity provider delays no events.
    private func enableTokenRefresh(_ configuration: KafkaConfiguration) {
        let mechanism = configuration["sasl.mechanisms"] ?? configuration["sasl.mechanism"]
        guard mechanism?.uppercased() == "OAUTHBEARER" else { return }
        if let error = rd_kafka_sasl_background_callbacks_enable(pointer) { rd_kafka_error_destroy(error) }
    }

    /// Whether a certificate, a key or a secret that the settings name has been replaced since the client was made, so
    /// that another client is needed. New SASL credentials are taken in passing. Costs a call of `stat` per file.
    var isOutdated: Bool {
        renewCredentials()
        return files.haveChanged
    }

    private func renewCredentials() {
        guard credentials?.renew(pointer) == true else { return }
        sink?(
            .log(
                level: 3, facility: "SASL", message: "the files of user or password have changed: connecting with them")
        )
    }

    /// The next event, or nil when the queue is empty; the caller destroys it.
    func nextEvent() -> OpaquePointer? { rd_kafka_queue_poll(queue, 0) }

    /// Hands a log, error or statistics event to the sink. False if it is of another kind.
    func dispatch(_ event: OpaquePointer) -> Bool {
        switch rd_kafka_event_type(event) {
        case rdk_event_log: dispatchLog(event)
        case rdk_event_error:
            // The brokers may have refused the old password.
            renewCredentials()
            sink?(.error(clientError(event)))
        case rdk_event_stats:
            if let json = rd_kafka_event_stats(event) { sink?(.statistics(String(cString: json))) }
        default: return false
        }
        return true
    }

    private func dispatchLog(_ event: OpaquePointer) {
        guard let sink else { return }
        var facility: UnsafePointer<CChar>?
        var message: UnsafePointer<CChar>?
        var level: Int32 = 0
        guard rd_kafka_event_log(event, &facility, &message, &level) == 0, let facility, let message else { return }
        sink(.log(level: Int(level), facility: String(cString: facility), message: String(cString: message)))
    }

    private func clientError(_ event: OpaquePointer) -> KafkaError {
        if rd_kafka_event_error_is_fatal(event) != 0, let fatal = fatalError { return fatal }
        let code = KafkaErrorCode(rd_kafka_event_error(event))
        let message = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? code.explanation
        return KafkaError(code, message)
    }

    /// The error that ended this client, if one did.
    var fatalError: KafkaError? {
        var reason = [CChar](repeating: 0, count: KafkaLimits.reasonBytes)
        let error = rd_kafka_fatal_error(pointer, &reason, reason.count)
        if error == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        return KafkaError(KafkaErrorCode(error), text(reason), isFatal: true)
    }

    /// Blocks until the wake descriptor is written or the time is up, and takes the wake-up. nil sets no limit.
    func wait(_ timeout: Duration?) { wake.wait(until: timeout.map { .now + $0 }) }
}

// MARK: - C

/// The text of a buffer that C filled up to a NUL.
func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The given wake descriptor, or a new one.
func makeWake(_ wake: WakeDescriptor?) throws(KafkaError) -> WakeDescriptor {
    if let wake { return wake }
    do {
        return try WakeDescriptor()
    } catch {
        throw KafkaError(.fail, "cannot create a wake-up descriptor: \(error)")
    }
}
