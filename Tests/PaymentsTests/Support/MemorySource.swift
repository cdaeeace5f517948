import Synchronization
import Threads

@testable import Payments

/// A topic of one partition in memory, with a group's committed offset.
final class MemoryTopic: Sendable {
    struct State {
        var log: [OrderMessage] = []
        var committed: Int64?
        var low: Int64 = 0
        var events: [SourceEvent] = []
        var wake: WakeDescriptor?
    }

    let state = Mutex(State())

    func change<T: Sendable>(_ body: (inout State) -> T) -> T {
        let (result, wake) = state.withLock { (body(&$0), $0.wake) }
        wake?.wake()
        return result
    }

    func publish(_ orderID: String?, _ type: String = "order_placed") {
        change { state in
            state.log.append(
                OrderMessage(partition: 0, offset: Int64(state.log.count), orderID: orderID, eventType: type))
        }
    }

    func say(_ events: SourceEvent...) {
        change { $0.events += events }
    }

    var committed: Int64? { state.withLock { $0.committed } }
}

final class MemorySource: MessageSource {
    private let topic: MemoryTopic
    private let wake: WakeDescriptor
    private var position: Int64?
    private var isPaused = false

    init(_ topic: MemoryTopic, _ wake: WakeDescriptor) {
        self.topic = topic
        self.wake = wake
        topic.state.withLock { state in
            state.wake = wake
            state.events.append(.assigned([0]))
        }
    }

    func next(until deadline: ContinuousClock.Instant?) throws -> SourceEvent {
        if let event = take() { return event }
        wake.wait(until: deadline)
        return take() ?? .idle
    }

    private func take() -> SourceEvent? {
        topic.state.withLock { state in
            if !state.events.isEmpty { return state.events.removeFirst() }
            guard let position, !isPaused else { return nil }
            if position < state.low || position > Int64(state.log.count) {
                self.position = nil
                return .offsetLost(partition: 0, detail: "offset out of range")
            }
            let found = Array(state.log[Int(position)...])
            self.position = Int64(state.log.count)
            return found.isEmpty ? nil : .messages(found)
        }
    }

    func start(_ positions: [Int32: Int64]) { position = positions[0] }
    func pause() { isPaused = true }
    func resume() { isPaused = false }

    func committedOffsets(of partitions: [Int32]) -> [Int32: Int64] {
        topic.committed.map { [0: $0] } ?? [:]
    }

    func endOffsets(of partitions: [Int32]) -> [Int32: Int64] {
        topic.state.withLock { [0: Int64($0.log.count)] }
    }

    func commit(_ offsets: [Int32: Int64], waiting: Bool) {
        topic.state.withLock { $0.committed = offsets[0] }
    }

    func close() {}
}
