import Kafka
import Synchronization
import Threads

/// Which time a record carries. Brokers delete records, and refuse them, by this time.
public enum RecordTimestamp: String, CaseIterable, Sendable {
    /// The time of publishing: a record is readable for the topic's whole retention, however old its row is.
    case publish
    /// The row's `created_at`, within what the topic takes, see ``KafkaPublisherConfiguration/recordTimestamp``.
    case created
}

/// How old a record may be, for each topic, as its settings say. Shared by all publishers of a factory; asked of Kafka
/// at the first row of a topic, and again when the answer is old.
final class StampBounds: Sendable {
    /// Asks Kafka for the settings of a topic. Blocks, at most for ``patience``.
    typealias Question = (_ topic: String) throws(KafkaError) -> TopicSettings

    /// How long an answer is used.
    static let recheck = Duration.seconds(300)
    /// How long no topic is asked for after Kafka did not answer in time.
    static let silence = Duration.seconds(10)
    /// How long Kafka may take to answer.
    static let patience = Duration.seconds(2)

    /// What is known of a topic.
    struct Bound: Equatable, Sendable {
        /// The greatest age of a stamp, in milliseconds; nil if there is none, or Kafka does not tell.
        var age: Int64?
        /// When Kafka is to be asked again.
        var recheckAt: ContinuousClock.Instant
    }

    private struct State {
        var bounds: [String: Bound] = [:]
        /// Kafka did not answer: no topic is asked for until then, so that rows are not held up for each of many
        /// topics.
        var silentUntil: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// The bound of a topic.
    func bound(of topic: String, now: ContinuousClock.Instant = .now, asking question: Question) -> Bound {
        let (known, silentUntil) = state.withLock { ($0.bounds[topic], $0.silentUntil) }
        if let known, now < known.recheckAt { return known }
        if let silentUntil, now < silentUntil { return Bound(age: known?.age, recheckAt: silentUntil) }
        do {
            return set(topic, try question(topic).greatestAge, now)
        } catch  where error.isRetriable {
            let silentUntil = now + Self.silence
            state.withLock { $0.silentUntil = silentUntil }
            return Bound(age: known?.age, recheckAt: silentUntil)
        } catch {
            // Not authorized, or brokers without an admin API.
            return set(topic, nil, now)
        }
    }

    private func set(_ topic: String, _ age: Int64?, _ now: ContinuousClock.Instant) -> Bound {
        let bound = Bound(age: age, recheckAt: now + Self.recheck)
        state.withLock { state in
            state.bounds[topic] = bound
            state.silentUntil = nil
        }
        return bound
    }
}

/// The stamps of records that carry their rows' times.
struct RowStamps {
    private let bounds: StampBounds
    private var last: (topic: KafkaTopic, bound: StampBounds.Bound)?

    init(_ bounds: StampBounds) { self.bounds = bounds }

    /// The stamp of a row's record, in milliseconds since 1970.
    ///
    /// - Parameter created: when the row was written, in microseconds since 1970.
    mutating func stamp(created: Int64, topic: KafkaTopic, asking question: StampBounds.Question) -> Int64 {
        Self.stamp(created, now: WallClock.microsecondsSince1970, age: age(topic, question))
    }

    /// The row's time, not later than now and at most this many milliseconds ago. Never 0, which stands for now: the
    /// protocol has no time before 1970.
    static func stamp(_ created: Int64, now: Int64, age: Int64?) -> Int64 {
        let (created, now) = (created / 1000, now / 1000)
        let oldest = age.map { $0 < now ? now - $0 : 1 } ?? 1
        return max(1, min(max(created, oldest), now))
    }

    private mutating func age(_ topic: KafkaTopic, _ question: StampBounds.Question) -> Int64? {
        if let last, last.topic === topic, .now < last.bound.recheckAt { return last.bound.age }
        let bound = bounds.bound(of: topic.name, asking: question)
        last = (topic, bound)
        return bound.age
    }
}
