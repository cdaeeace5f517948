import Foundation
import Threads

@testable import Outbox

/// A place at which one thread stops until another lets it go on, as SIGSTOP and SIGCONT do to a process.
final class Halt: @unchecked Sendable {
    /// Guards the two flags below, and wakes the threads that wait.
    private let condition = NSCondition()
    private var isReached = false
    private var mayGoOn = false

    /// Stops here, the first time.
    func stop() {
        condition.withLock {
            isReached = true
            condition.broadcast()
            while !mayGoOn { condition.wait() }
        }
    }

    /// Blocks until a thread has stopped.
    func waitUntilReached() {
        condition.withLock {
            while !isReached { condition.wait() }
        }
    }

    func goOn() {
        condition.withLock {
            mayGoOn = true
            condition.broadcast()
        }
    }
}

/// Stops when Kafka has acknowledged a row, before the relay acts on it.
final class HaltingPublisher: Publisher {
    private let inner: any Publisher
    private let halt: Halt

    init(_ inner: any Publisher, _ halt: Halt) {
        self.inner = inner
        self.halt = halt
    }

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome { inner.publish(row, deliveryID: deliveryID) }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        var isReported = false
        inner.takeReports { deliveryID, failure in
            isReported = true
            body(deliveryID, failure)
        }
        if isReported { halt.stop() }
    }

    func abandon() { inner.abandon() }
}

struct HaltingPublisherFactory: PublisherFactory {
    let inner: MemoryPublisherFactory
    let halt: Halt

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        HaltingPublisher(try inner.makePublisher(wake: wake), halt)
    }
}
