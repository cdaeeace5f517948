import Foundation
import Logging
import Synchronization
import Threads

@testable import Outbox

/// Takes every row and acknowledges it at once.
final class RecordingPublisher: Publisher {
    private let topic: RecordingTopic
    private let wake: WakeDescriptor
    private var accepted: [UInt64] = []

    init(_ topic: RecordingTopic, wake: WakeDescriptor) {
        self.topic = topic
        self.wake = wake
    }

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        topic.append(.init(aggregateID: row.key.aggregateID, sequence: row.sequenceNumber))
        accepted.append(deliveryID)
        wake.wake()
        return .queued
    }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        let reports = accepted
        accepted = []
        for report in reports { body(report, nil) }
    }

    func abandon() {}
}

struct RecordingPublisherFactory: PublisherFactory {
    let topic: RecordingTopic

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        RecordingPublisher(topic, wake: wake)
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// The messages that arrived, in order. Outlives publishers and relays.
final class RecordingTopic: @unchecked Sendable {
    struct Message: Equatable {
        var aggregateID: String
        var sequence: Int64
    }

    private let lock = NSCondition()
    private var stored: [Message] = []

    func append(_ message: Message) {
        lock.lock()
        stored.append(message)
        lock.broadcast()
        lock.unlock()
    }

    var messages: [Message] { lock.withLock { stored } }

    /// Blocks until `condition` holds, or so many seconds have passed without it. Woken by every message.
    func wait(seconds: Double = 60, until condition: ([Message]) -> Bool) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        lock.lock()
        defer { lock.unlock() }
        while !condition(stored) {
            if !lock.wait(until: deadline) { return condition(stored) }
        }
        return true
    }
}

/// Runs a relay while `body` runs, then stops it and waits for its end.
func withRelay<T: Sendable>(_ relay: Relay, _ body: () async throws -> T) async throws -> T {
    async let running: Void = relay.run()
    do {
        let result = try await body()
        relay.stop()
        try await running
        return result
    } catch {
        relay.stop()
        try? await running
        throw error
    }
}

/// A flag that goes up once.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
