import CRDKafka
import Synchronization

/// Whether brokers slow a client down because of a quota (`producer_byte_rate`, `consumer_byte_rate`,
/// `request_percentage`): they tell for how long they leave its next requests alone.
///
/// It learns from the events of clients, see ``note(_:)``.
public final class KafkaThrottle: Sendable {
    private struct State {
        /// The last delay of each broker, by name, when it is over, and until when it counts.
        var brokers: [String: (delay: Duration, over: ContinuousClock.Instant, until: ContinuousClock.Instant)] = [:]
        var total = 0
        /// Until when another beginning is no news.
        var quietUntil = ContinuousClock.now
    }

    private let state = Mutex(State())

    /// Nothing is known yet.
    public init() {}

    /// Takes an event; others than ``KafkaClientEvent/throttled(broker:delay:)`` say nothing here.
    ///
    /// - Returns: one sentence for the log when throttling has begun, once a minute at most; else nil.
    public func note(_ event: KafkaClientEvent) -> String? {
        guard case .throttled(let broker, let delay) = event else { return nil }
        let isNews = state.withLock { state in
            let now = ContinuousClock.now
            guard delay > .zero else {
                // Another connection to the broker may say so while the delay of the first one lasts.
                if let told = state.brokers[broker] { state.brokers[broker]?.until = told.over }
                return false
            }
            state.total += 1
            // Nothing is told while no request is sent.
            let over = now + delay
            // Names move while a process lives: only those that throttle are kept.
            state.brokers = state.brokers.filter { $0.value.until > now }
            state.brokers[broker] = (delay, over, over + .seconds(KafkaLimits.throttleKeptSeconds))
            defer { state.quietUntil = now + .seconds(KafkaLimits.throttleQuietSeconds) }
            return state.quietUntil <= now
        }
        return isNews ? text : nil
    }

    /// How many answers so far said that the next request has to wait.
    public var total: Int { state.withLock { $0.total } }

    /// Brokers that are remembered.
    var brokerCount: Int { state.withLock { $0.brokers.count } }

    /// For how long the slowest broker makes this client wait now; zero without a quota that is used up.
    public var delay: Duration { longest?.delay ?? .zero }

    /// Which broker throttles and for how long, for people; nil if none does.
    public var text: String? {
        guard let longest else { return nil }
        return "Kafka throttles by quota: \(longest.broker) delays the next request by "
            + "\(Int(longest.delay / .milliseconds(1))) ms"
    }

    private var longest: (broker: String, delay: Duration)? {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.brokers.filter { $0.value.until > now }.max { $0.value.delay < $1.value.delay }
                .map { ($0.key, $0.value.delay) }
        }
    }
}

/// Tells a client's sink what librdkafka's callback says, on the thread that polls. Lives as long as the client.
final class ThrottleCallback: Sendable {
    private let sink: KafkaEventSink

    init(_ sink: @escaping KafkaEventSink) { self.sink = sink }

    /// Nothing else of a client uses librdkafka's opaque pointer.
    func install(_ conf: OpaquePointer) {
        rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(self).toOpaque())
        rd_kafka_conf_set_throttle_cb(conf) { _, name, _, milliseconds, opaque in
            guard let opaque, let name else { return }
            Unmanaged<ThrottleCallback>.fromOpaque(opaque).takeUnretainedValue().sink(
                .throttled(broker: String(cString: name), delay: .milliseconds(Int(milliseconds))))
        }
    }
}
