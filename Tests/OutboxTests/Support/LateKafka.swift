import Synchronization
import Threads

@testable import Outbox

/// A topic in memory with a record beside it. Each question for the record, and for the rows, is answered as a test
/// says.
final class LateKafka: PublisherFactory {
    private struct State {
        var asked = 0
        var record: DeliveryRecord?
    }

    private let publishers: MemoryPublisherFactory
    private let answer: @Sendable (_ question: Int) throws(PublishFailure) -> Void
    private let rows: @Sendable (_ question: Int) throws(PublishFailure) -> PublishedRows
    private let state: Mutex<State>

    /// - Parameters:
    ///   - record: that lies in Kafka.
    ///   - answer: runs before each answer with its number, counted from 1; may wait, or fail.
    ///   - rows: what Kafka has behind the cut that is asked for; gets the number of the last question.
    init(
        _ topic: MemoryTopic, record: DeliveryRecord?,
        answer: @escaping @Sendable (_ question: Int) throws(PublishFailure) -> Void,
        rows: @escaping @Sendable (_ question: Int) throws(PublishFailure) -> PublishedRows
    ) {
        publishers = MemoryPublisherFactory(topic: topic)
        self.answer = answer
        self.rows = rows
        state = Mutex(State(record: record))
    }

    static let silence = PublishFailure(.transient, "TIMED_OUT")

    /// How many times the record was asked for.
    var asked: Int { state.withLock { $0.asked } }

    /// The record that was written last.
    var record: DeliveryRecord? { state.withLock { $0.record } }

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        try publishers.makePublisher(wake: wake)
    }

    func makeRecordKeeper(for outbox: OutboxOrigin) -> (any RecordKeeper)? { Keeper(self) }

    func publishedRows(
        of outbox: OutboxOrigin, after cut: Int64, guarantee: DeliveryGuarantee, within limit: Duration
    ) throws(PublishFailure) -> PublishedRows {
        try rows(asked)
    }

    private final class Keeper: RecordKeeper {
        private let kafka: LateKafka

        init(_ kafka: LateKafka) { self.kafka = kafka }

        func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
            let question = kafka.state.withLock { state in
                state.asked += 1
                return state.asked
            }
            try kafka.answer(question)
            return kafka.record
        }

        func write(_ record: DeliveryRecord, within limit: Duration) {
            kafka.state.withLock { $0.record = record }
        }
    }
}
