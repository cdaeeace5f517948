import Threads

@testable import Outbox

/// Takes every row and never says what became of it, like a Kafka that is away.
final class SilentPublisher: Publisher {
    func publish(_ row: OutboxRow, ticket: UInt64) -> PublishOutcome { .queued }
    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {}
    func abandon() {}
}

struct SilentPublisherFactory: PublisherFactory {
    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher { SilentPublisher() }
}
