public import Consumers
import Synchronization
public import Threads

/// A topic in memory with a cluster id, and a group of at most one member.
public final class MemoryTopic: Sendable {
    /// What the topic and the group hold.
    public struct State {
        public var clusterID = "k1"
        public var partitions: [Int32: [ConsumedMessage]]
        /// The first offset of every partition that is still there.
        public var low: Int64 = 0
        /// What the group committed.
        public var committed: [Int32: Int64] = [:]
        /// Events that the source reports before anything else.
        public var events: [SourceEvent] = []
        /// The positions of each call of `start`.
        public var starts: [[Int32: Int64]] = []
        fileprivate var wake: WakeDescriptor?
        /// How far the member has read each partition.
        fileprivate var read: [Int32: Int64] = [:]
    }

    fileprivate let state: Mutex<State>

    public init(partitions: Int32) {
        state = Mutex(State(partitions: Dictionary(uniqueKeysWithValues: (0..<partitions).map { ($0, []) })))
    }

    /// Changes the state and wakes the member.
    public func change<T: Sendable>(_ body: (inout State) -> T) -> T {
        let (result, wake) = state.withLock { (body(&$0), $0.wake) }
        wake?.wake()
        return result
    }

    /// Appends messages to their partitions, each at the partition's end.
    public func publish(_ messages: [ConsumedMessage]) {
        change { state in
            for message in messages {
                let offset = Int64(state.partitions[message.partition, default: []].count)
                state.partitions[message.partition, default: []].append(message.at(offset))
            }
        }
    }

    /// Lets the source report these events.
    public func report(_ events: SourceEvent...) {
        change { $0.events += events }
    }

    /// Returns when the member has taken every event and has read every message.
    public func untilRead() async {
        func isRead(_ state: State) -> Bool {
            state.events.isEmpty
                && state.partitions.allSatisfy { $0.value.isEmpty || state.read[$0.key] == Int64($0.value.count) }
        }
        while !state.withLock({ isRead($0) }) { await Task.yield() }
    }

    /// Another, empty cluster answers at the same address.
    public func replaceCluster(_ id: String) {
        change { state in
            state.clusterID = id
            for partition in state.partitions.keys { state.partitions[partition] = [] }
            state.events += [.revoked(lost: false), .assigned(state.partitions.keys.sorted())]
        }
    }

    public var starts: [[Int32: Int64]] { state.withLock { $0.starts } }
    public var committed: [Int32: Int64] { state.withLock { $0.committed } }
}

/// A consumer's end of a ``MemoryTopic``; it is assigned all partitions at once.
public final class MemorySource: MessageSource {
    private let topic: MemoryTopic
    private let wake: WakeDescriptor
    private var positions: [Int32: Int64] = [:]
    private var isPaused = false

    public init(_ topic: MemoryTopic, _ wake: WakeDescriptor) {
        self.topic = topic
        self.wake = wake
        topic.state.withLock { state in
            state.wake = wake
            state.events.append(.assigned(state.partitions.keys.sorted()))
        }
    }

    public func next(until deadline: ContinuousClock.Instant?) -> SourceEvent {
        if let event = take() { return event }
        wake.wait(until: deadline)
        return take() ?? .idle
    }

    private func take() -> SourceEvent? {
        topic.state.withLock { state in
            if !state.events.isEmpty { return state.events.removeFirst() }
            guard !isPaused else { return nil }
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
            state.read = positions
            return found.isEmpty ? nil : .messages(found)
        }
    }

    public func start(_ positions: [Int32: Int64]) {
        self.positions.merge(positions) { $1 }
        isPaused = false
        topic.state.withLock { $0.starts.append(positions) }
    }

    public func pause() { isPaused = true }

    public func resume() { isPaused = false }

    public func committedOffsets(of partitions: [Int32]) -> [Int32: Int64] {
        topic.committed.filter { partitions.contains($0.key) }
    }

    public func endOffsets(of partitions: [Int32]) -> [Int32: Int64] {
        topic.state.withLock { state in
            Dictionary(uniqueKeysWithValues: partitions.map { ($0, Int64(state.partitions[$0]?.count ?? 0)) })
        }
    }

    public func clusterID() -> String { topic.state.withLock { $0.clusterID } }

    public func commit(_ offsets: [Int32: Int64], waiting: Bool) {
        topic.state.withLock { $0.committed.merge(offsets) { $1 } }
    }

    public func close() {}
}

extension ConsumedMessage {
    /// The same message elsewhere in its partition.
    fileprivate func at(_ offset: Int64) -> ConsumedMessage {
        ConsumedMessage(
            partition: partition, offset: offset, orderID: orderID, sequenceNumber: sequenceNumber,
            eventType: eventType, eventID: eventID, payload: payload)
    }
}
