import Threads

@testable import Outbox

/// Takes every row and never reports one, like a Kafka that is away.
final class SilentPublisher: Publisher {
    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome { .queued }
    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {}
    func abandon() {}
}

struct SilentPublisherFactory: PublisherFactory {
    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher { SilentPublisher() }
}
