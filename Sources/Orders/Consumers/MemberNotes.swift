import Kafka
import Logging
import Synchronization

/// Takes what the client says in passing: log lines to the log, conditions that stop consumption to the member.
final class MemberNotes: Sendable {
    let logger: Logger
    private let trouble = Mutex<String?>(nil)

    init(_ logger: Logger) {
        self.logger = logger
    }

    func take(_ event: KafkaClientEvent) {
        switch event {
        case .log(let level, let facility, let message):
            logger.log(level: level <= 3 ? .warning : .debug, "librdkafka \(facility): \(message)")
        case .error(let error):
            logger.debug("Kafka client", metadata: ["condition": "\(error)"])
            guard error.code == .allBrokersDown || error.code.disposition != .transient else { return }
            trouble.withLock { $0 = "\(error)" }
        case .statistics: break
        }
    }

    func takeTrouble() -> String? {
        trouble.withLock { trouble in
            defer { trouble = nil }
            return trouble
        }
    }
}
