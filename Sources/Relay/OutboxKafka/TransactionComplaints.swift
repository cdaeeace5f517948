import Kafka
import Synchronization

/// The topics that a broker did not take into a transaction, and why: librdkafka names them in its log alone.
final class TransactionComplaints: Sendable {
    private let messages = Mutex<[String]>([])

    func note(_ event: KafkaClientEvent) {
        guard case .log(_, "ADDPARTS", let message) = event else { return }
        messages.withLock { messages in
            if messages.count < Self.kept { messages.append(message) }
        }
    }

    /// The topics refused with this code, sorted. Those that were not tried because of them have another.
    func topics(because code: KafkaErrorCode) -> [String] {
        let found = messages.withLock { $0 }.filter { $0.hasSuffix(code.explanation) }.compactMap { Self.topic($0) }
        return Set(found).sorted()
    }

    /// One message is of one partition.
    private static let kept = 10_000

    /// `…: Failed to add partition "letters" [3] to transaction: Broker: Topic authorization failed`
    private static func topic(_ message: String) -> String? {
        let words = message.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        return words.count == 3 ? String(words[1]) : nil
    }
}
