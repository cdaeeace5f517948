import Foundation

@testable import Outbox

/// What a Kafka would hold: the messages that arrived, in order. Outlives publishers and relays.
final class MemoryTopic: @unchecked Sendable {
    struct Message: Equatable {
        var outboxID: Int64
        var key: OutboxKey
        var sequence: Int64
        var epoch: Int64

        init(outboxID: Int64, key: OutboxKey, sequence: Int64, epoch: Int64) {
            self.outboxID = outboxID
            self.key = key
            self.sequence = sequence
            self.epoch = epoch
        }

        init(_ row: OutboxRow) {
            self.init(outboxID: row.outboxID, key: row.key, sequence: row.sequenceNumber, epoch: row.epoch)
        }
    }

    private let lock = NSCondition()
    private var stored: [Message] = []
    private var transactions = MemoryTransactions()
    private var publishers: UInt64 = 0

    /// How many publishers there have been, this one included.
    func countPublisher() -> UInt64 {
        lock.withLock {
            publishers += 1
            return publishers
        }
    }

    func append(_ message: Message) {
        lock.lock()
        stored.append(message)
        lock.broadcast()
        lock.unlock()
    }

    /// What a reader of committed messages sees.
    var messages: [Message] {
        lock.withLock { visible }
    }

    /// The lock is held.
    private var visible: [Message] {
        let committed = transactions.committed
        return committed.isEmpty ? stored : stored + committed
    }

    func transact<T>(_ body: (inout MemoryTransactions) -> T) -> T {
        lock.lock()
        defer {
            lock.broadcast()
            lock.unlock()
        }
        return body(&transactions)
    }

    /// Blocks until `condition` holds, or until this many seconds have passed. Woken by every message.
    func wait(seconds: Double = 60, until condition: ([Message]) -> Bool) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        lock.lock()
        defer { lock.unlock() }
        while !condition(visible) {
            if !lock.wait(until: deadline) { return condition(visible) }
        }
        return true
    }
}
