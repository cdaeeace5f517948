import Synchronization
import Threads

@testable import Projection

/// A topic in memory with a cluster id, and a group of at most one member.
final class MemoryTopic: Sendable {
    struct State {
        var clusterID = "k1"
        var partitions: [Int32: [ConsumedMessage]]
        /// The first offset that is still there.
        var low: Int64 = 0
        var events: [SourceEvent] = []
        var starts: [[Int32: Int64]] = []
        var sources = 0
        var wake: WakeDescriptor?
    }

    let state: Mutex<State>

    init(partitions: Int32 = 2) {
        state = Mutex(State(partitions: Dictionary(uniqueKeysWithValues: (0..<partitions).map { ($0, []) })))
    }

    func change<T: Sendable>(_ body: (inout State) -> T) -> T {
        let (result, wake) = state.withLock { (body(&$0), $0.wake) }
        wake?.wake()
        return result
    }

    /// Appends messages to their partitions, each at the partition's end.
    func publish(_ messages: [ConsumedMessage]) {
        change { state in
            for message in messages {
                let offset = Int64(state.partitions[message.partition, default: []].count)
                state.partitions[message.partition, default: []].append(message.at(offset))
            }
        }
    }

    func say(_ event: SourceEvent) {
        change { $0.events.append(event) }
    }

    /// Another, empty cluster answers at the same address.
    func replaceCluster(_ id: String) {
        change { state in
            state.clusterID = id
            for partition in state.partitions.keys { state.partitions[partition] = [] }
            state.events += [.revoked, .assigned(state.partitions.keys.sorted())]
        }
    }

    var starts: [[Int32: Int64]] { state.withLock { $0.starts } }
}

/// The projector's end of a ``MemoryTopic``.
final class MemorySource: MessageSource {
    private let topic: MemoryTopic
    private let wake: WakeDescriptor
    private var positions: [Int32: Int64] = [:]

    init(_ topic: MemoryTopic, _ wake: WakeDescriptor) {
        self.topic = topic
        self.wake = wake
        topic.state.withLock { state in
            state.wake = wake
            state.sources += 1
            state.events.append(.assigned(state.partitions.keys.sorted()))
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
            var found: [ConsumedMessage] = []
            for (partition, position) in positions {
                let log = state.partitions[partition] ?? []
                if position < state.low || position > Int64(log.count) {
                    positions[partition] = nil
                    return .offsetLost(partition: partition, detail: "offset out of range")
                }
                found += log[Int(position)...]
                positions[partition] = Int64(log.count)
            }
            return found.isEmpty ? nil : .messages(found)
        }
    }

    func start(_ positions: [Int32: Int64]) {
        self.positions.merge(positions) { $1 }
        topic.state.withLock { $0.starts.append(positions) }
    }

    func pause() { positions = [:] }

    func endOffsets(of partitions: [Int32]) -> [Int32: Int64] {
        topic.state.withLock { state in
            Dictionary(uniqueKeysWithValues: partitions.map { ($0, Int64(state.partitions[$0]?.count ?? 0)) })
        }
    }

    func clusterID() -> String { topic.state.withLock { $0.clusterID } }

    func close() {}
}

extension ConsumedMessage {
    func at(_ offset: Int64) -> ConsumedMessage {
        ConsumedMessage(
            partition: partition, offset: offset, orderID: orderID, sequenceNumber: sequenceNumber,
            eventType: eventType,
            payload: payload)
    }
}
