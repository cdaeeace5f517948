import Foundation
import Threads

@testable import Outbox

/// A place at which one thread stops until another lets it go on, as SIGSTOP and SIGCONT do to a process.
final class Halt: @unchecked Sendable {
    /// Guards the two below, and wakes whoever waits.
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

    /// Blocks until somebody has stopped.
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

/// Stops when Kafka has acknowledged something, before anybody acts on it.
final class HaltingPublisher: Publisher {
    private let inner: any Publisher
    private let halt: Halt

    init(_ inner: any Publisher, _ halt: Halt) {
        self.inner = inner
        self.halt = halt
    }

    func publish(_ row: OutboxRow, ticket: UInt64) -> PublishOutcome { inner.publish(row, ticket: ticket) }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        var isReported = false
        inner.takeReports { ticket, failure in
            isReported = true
            body(ticket, failure)
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
