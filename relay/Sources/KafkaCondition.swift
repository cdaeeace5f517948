import Kafka
import Synchronization

/// What librdkafka last complained about. It tries again for ever without failing a row, so nothing else tells why none
/// gets through.
final class KafkaCondition: Sendable {
    private let last = Mutex<(text: String, at: ContinuousClock.Instant)?>(nil)

    func note(_ event: KafkaClientEvent) {
        guard case .error(let error) = event else { return }
        last.withLock { $0 = ("\(error)", .now) }
    }

    /// The complaint, unless Kafka has acknowledged a row since.
    func complaint(since acknowledged: ContinuousClock.Instant?) -> String? {
        last.withLock { last in
            guard let last else { return nil }
            guard let acknowledged, acknowledged > last.at else { return last.text }
            return nil
        }
    }
}
