import Synchronization
import Threads

@testable import Outbox

/// The most rows that were in flight at a time.
final class Gauge: Sendable {
    private let most = Mutex(0)
    var peak: Int { most.withLock { $0 } }
    func note(_ rows: Int) { most.withLock { $0 = max($0, rows) } }
}

final class GaugedPublisher: Publisher {
    private let inner: any Publisher
    private let gauge: Gauge
    private var inFlight = 0

    init(_ inner: any Publisher, _ gauge: Gauge) {
        self.inner = inner
        self.gauge = gauge
    }

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        let outcome = inner.publish(row, deliveryID: deliveryID)
        if outcome == .queued { inFlight += 1 }
        gauge.note(inFlight)
        return outcome
    }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        inner.takeReports { deliveryID, failure in
            inFlight -= 1
            body(deliveryID, failure)
        }
    }

    func abandon() { inner.abandon() }
}

struct GaugedPublisherFactory: PublisherFactory {
    let inner: MemoryPublisherFactory
    let gauge: Gauge

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        GaugedPublisher(try inner.makePublisher(wake: wake), gauge)
    }
}
