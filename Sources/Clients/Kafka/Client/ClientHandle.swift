import CRDKafka
import Glibc
import Synchronization
import Threads

/// The owner of one `rd_kafka_t` and the one queue all its events arrive on.
///
/// `@unchecked`: librdkafka's functions on these two pointers are thread-safe, and both are constant until deinit.
final class ClientHandle: @unchecked Sendable {
    enum Kind { case producer, consumer }

    let pointer: OpaquePointer
    let queue: OpaquePointer
    let wake: WakeDescriptor
    private let sink: KafkaEventSink?
    /// A producer's messages that librdkafka still holds: queued, in flight, or reported and not read.
    let unreported = Atomic<Int>(0)

    init(
        _ kind: Kind, _ configuration: KafkaConfiguration, events: Int32, wake: WakeDescriptor, sink: KafkaEventSink?
    ) throws(KafkaError) {
        let conf = try configuration.makeConf()
        rd_kafka_conf_set_events(conf, events | rdk_event_log | rdk_event_error | rdk_event_stats)
        var reason = [CChar](repeating: 0, count: 512)
        let type = kind == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
        guard let pointer = rd_kafka_new(type, conf, &reason, reason.count) else {
            rd_kafka_conf_destroy(conf)
            throw configuration.creationFault(text(reason)).error
        }
        if kind == .consumer { rd_kafka_poll_set_consumer(pointer) }
        let queue = kind == .producer ? rd_kafka_queue_get_main(pointer) : rd_kafka_queue_get_consumer(pointer)
        guard let queue else {
            rd_kafka_destroy(pointer)
            throw KafkaError(.fail, "librdkafka gave no event queue")
        }
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
        rd_kafka_queue_io_event_enable(queue, -1, nil, 0)
        rd_kafka_queue_destroy(queue)
        // Consumers leave their group in `close`; without it this must not block on the broker.
        rd_kafka_destroy_flags(pointer, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
    }

    /// OAUTHBEARER tokens are fetched on librdkafka's own thread, so that a slow identity provider stops nobody.
    private func enableTokenRefresh(_ configuration: KafkaConfiguration) {
        let mechanism = configuration["sasl.mechanisms"] ?? configuration["sasl.mechanism"]
        guard mechanism?.uppercased() == "OAUTHBEARER" else { return }
        if let error = rd_kafka_sasl_background_callbacks_enable(pointer) { rd_kafka_error_destroy(error) }
    }

    /// The next event, or nil when the queue is empty; the caller destroys it.
    func nextEvent() -> OpaquePointer? { rd_kafka_queue_poll(queue, 0) }

    /// Hands a log, error or statistics event to the sink. False if it is of another kind.
    func dispatch(_ event: OpaquePointer) -> Bool {
        switch rd_kafka_event_type(event) {
        case rdk_event_log: dispatchLog(event)
        case rdk_event_error: sink?(.error(clientError(event)))
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
        var reason = [CChar](repeating: 0, count: 512)
        let error = rd_kafka_fatal_error(pointer, &reason, reason.count)
        if error == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        return KafkaError(KafkaErrorCode(error), text(reason), isFatal: true)
    }

    /// Sleeps until the wake descriptor fires or the time is up, then resets the descriptor.
    func wait(_ timeout: Duration?) {
        var descriptor = pollfd(fd: wake.fileDescriptor, events: Int16(POLLIN), revents: 0)
        // A signal or an early return only costs the caller one empty poll.
        _ = poll(&descriptor, 1, timeout.map { $0.pollMilliseconds } ?? -1)
        wake.drain()
    }
}

extension Duration {
    /// Whole milliseconds for C calls, rounded up so that a short wait does not become a busy loop, never negative.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds > 2_000_000 { return 2_000_000_000 }
        let part = 1_000_000_000_000_000
        return Int32(seconds * 1000 + (attoseconds + Int64(part) - 1) / Int64(part))
    }
}
