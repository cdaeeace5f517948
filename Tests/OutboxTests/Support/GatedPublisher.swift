import Synchronization
import Threads

@testable import Outbox

/// Refuses rows of some keys because of their topic, until the gate is opened.
final class TopicGate: Sendable {
    private let closed: Mutex<Set<OutboxKey>>

    init(closedFor keys: Set<OutboxKey>) { closed = Mutex(keys) }

    func open() { closed.withLock { $0 = [] } }

    func isClosed(_ key: OutboxKey) -> Bool { closed.withLock { $0.contains(key) } }
}

final class GatedPublisher: Publisher {
    private let inner: any Publisher
    private let gate: TopicGate

    init(_ inner: any Publisher, _ gate: TopicGate) {
        self.inner = inner
        self.gate = gate
    }

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        gate.isClosed(row.key)
            ? .refused(PublishFailure(.topic, "UNKNOWN_TOPIC")) : inner.publish(row, deliveryID: deliveryID)
    }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) { inner.takeReports(body) }
    func abandon() { inner.abandon() }
}

struct GatedPublisherFactory: PublisherFactory {
    let inner: MemoryPublisherFactory
    let gate: TopicGate

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        GatedPublisher(try inner.makePublisher(wake: wake), gate)
    }
}
