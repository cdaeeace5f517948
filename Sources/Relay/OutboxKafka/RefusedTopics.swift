import Outbox
import Synchronization

/// The topics that Kafka does not have, or does not show to the relay, shared by all publishers of a factory.
///
/// librdkafka waits a while (``notice``) before it gives up a topic. Without this memory every single row for a missing
/// topic would hold up all other rows for that long. With this memory, such rows are refused at
/// once, and Kafka is asked again after a pause.
final class RefusedTopics: Sendable {
    /// Asks Kafka about a topic: why it cannot be written to, nil if it can. Throws if Kafka does not answer.
    typealias Question = (_ topic: String) throws -> PublishFailure?

    /// How long an answer is used.
    static let recheck = Duration.seconds(5)
    /// How long Kafka may take to answer.
    static let patience = Duration.seconds(2)
    /// How often a producer refreshes its metadata, how long a new topic may be missing before its rows are refused,
    /// and how long rows may be without a report before the publisher asks whether their topic is gone. librdkafka's
    /// own five minutes and half a minute hold up the rows behind them, in transactions all rows.
    static let notice = Duration.seconds(10)

    private struct Entry {
        var failure: PublishFailure
        var askedAt: ContinuousClock.Instant
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let count = Atomic<Int>(0)

    /// Whether all topics are good, as far as is known. Read for every row, without a lock.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    /// A row was refused because of its topic: finds out which of these topics cannot be written to.
    func learn(_ topics: [String], asking question: Question) {
        for topic in topics {
            // Without an answer from a broker the topic keeps its state; no row can be published meanwhile.
            guard let answer = try? question(topic) else { continue }
            set(topic, answer)
        }
    }

    /// Why rows of this topic are refused for now; nil if they are not. Asks again when the last answer is old.
    func refusal(of topic: String, now: ContinuousClock.Instant = .now, asking question: Question) -> PublishFailure? {
        guard let entry = entries.withLock({ $0[topic] }) else { return nil }
        guard now - entry.askedAt > Self.recheck else { return entry.failure }
        do {
            let answer = try question(topic)
            set(topic, answer)
            return answer
        } catch {
            return entry.failure
        }
    }

    /// The last answer, of any age.
    func known(_ topic: String) -> PublishFailure? { entries.withLock { $0[topic]?.failure } }

    /// A call was refused because of this topic.
    func refuse(_ topic: String, _ failure: PublishFailure) { set(topic, failure) }

    private func set(_ topic: String, _ failure: PublishFailure?) {
        entries.withLock { entries in
            entries[topic] = failure.map { Entry(failure: $0, askedAt: .now) }
            count.store(entries.count, ordering: .relaxed)
        }
    }
}
