import Kafka
import Logging
import Threads

/// One member of a consumer group that reads one topic: what the sources of projection and payments have in common.
///
/// Lives on one thread. An assignment is answered by ``start(_:)``, a revocation by the call of
/// ``next(until:maximumRecords:)`` that follows it; in between the owner may still commit.
final class KafkaTopicMember {
    let topic: String
    let consumer: KafkaConsumer
    private let notes: MemberNotes
    private var membership = Membership.outside
    private var isPaused = false
    /// Ends a time of trouble; while nothing is known to be wrong, nobody asks.
    private var nextProbe: ContinuousClock.Instant?

    private enum Membership {
        case outside
        /// The group waits for our answer.
        case assigned([KafkaPartition])
        case reading([KafkaPartition])
        /// The group waits for us to let go.
        case revoked([KafkaPartition])
    }

    init(_ configuration: KafkaConfiguration, topic: String, groupID: String, wake: WakeDescriptor, logger: Logger)
        throws
    {
        let notes = MemberNotes(logger)
        self.topic = topic
        self.notes = notes
        do {
            consumer = try KafkaConsumer(
                configuration.forMembers(), groupID: groupID, wake: wake, sink: { notes.take($0) })
            try consumer.subscribe([topic])
        } catch {
            throw MemberError("\(error)", isFinal: true)
        }
        // Until the group answers, say what keeps it from answering.
        nextProbe = .now + MemberLimits.memberProbeInterval
    }

    /// Waits at most once, so it may answer `.idle` early: whoever rang, the queue is what counts.
    func next(until deadline: ContinuousClock.Instant?, maximumRecords: Int) throws(MemberError) -> MemberEvent {
        try letGo()
        if let said = try poll(maximumRecords) ?? probe() { return said }
        if let deadline, deadline <= .now { return .idle }
        let until = [deadline, nextProbe].compactMap { $0 }.min()
        consumer.wait(upTo: until.map { $0 - .now })
        return try poll(maximumRecords) ?? .idle
    }

    private func poll(_ maximumRecords: Int) throws(MemberError) -> MemberEvent? {
        while let event = consumer.poll(maximumRecords: maximumRecords) {
            if let said = try translate(event) { return said }
        }
        return notes.takeTrouble().map { troubled($0) }
    }

    /// From now on it is asked whether it still is so.
    private func troubled(_ why: String) -> MemberEvent {
        nextProbe = .now + MemberLimits.memberProbeInterval
        return .unavailable(why)
    }

    func start(_ positions: [Int32: Int64]) throws(MemberError) {
        var offsets: [KafkaPartition: KafkaOffset] = [:]
        for (index, offset) in positions { offsets[KafkaPartition(topic: topic, index: index)] = .at(offset) }
        try attempt { () throws(KafkaError) in
            switch membership {
            case .assigned(let partitions):
                try consumer.assign(offsets)
                membership = .reading(partitions)
            case .reading(let partitions):
                guard !offsets.isEmpty else { return }
                try consumer.seek(offsets, within: MemberLimits.brokerAnswer)
                if isPaused { try consumer.resume(partitions.filter { offsets[$0] != nil }) }
            case .outside, .revoked: break
            }
            isPaused = false
        }
    }

    func pause() throws(MemberError) {
        guard case .reading(let partitions) = membership, !isPaused else { return }
        try attempt { () throws(KafkaError) in try consumer.pause(partitions) }
        isPaused = true
    }

    /// Goes on after ``pause()`` where reading stopped.
    func resume() throws(MemberError) {
        guard case .reading(let partitions) = membership, isPaused else { return }
        try attempt { () throws(KafkaError) in try consumer.resume(partitions) }
        isPaused = false
    }

    func close() {
        consumer.close(within: MemberLimits.leaveGroup)
    }
}

// MARK: - What the consumer says

extension KafkaTopicMember {
    private func translate(_ event: KafkaConsumerEvent) throws(MemberError) -> MemberEvent? {
        switch event {
        case .records(let records): return .records(records)
        case .assigned(let partitions): return try assigned(partitions)
        case .revoked(let partitions, let lost):
            membership = .revoked(partitions)
            return .revoked(lost: lost)
        case .partitionFailed(let partition, let error): return failed(partition, error)
        case .failed(let error):
            if error.isFatal { throw MemberError("\(error)", isFinal: true) }
            return troubled("\(error)")
        case .committed(_, let error):
            if let error { notes.logger.debug("offsets were not committed", metadata: ["reason": "\(error)"]) }
            return nil
        case .reachedEnd: return nil
        }
    }

    private func assigned(_ partitions: [KafkaPartition]) throws(MemberError) -> MemberEvent {
        nextProbe = nil
        membership = .assigned(partitions)
        isPaused = false
        if partitions.isEmpty { try start([:]) }
        return .assigned(partitions.filter { $0.topic == topic }.map(\.index))
    }

    private func failed(_ partition: KafkaPartition, _ error: KafkaError) -> MemberEvent {
        switch error.code {
        case .noStartOffset, .offsetOutOfRange, .noOffset:
            return .offsetLost(partition: partition.index, detail: "\(error)")
        default:
            return troubled("\(error)")
        }
    }

    private func letGo() throws(MemberError) {
        guard case .revoked(let partitions) = membership else { return }
        membership = .outside
        try attempt { () throws(KafkaError) in try consumer.unassign(partitions) }
    }

    /// While something is wrong, asks now and then whether it still is: the consumer says when brokers go, not when
    /// they come.
    private func probe() -> MemberEvent? {
        guard let due = nextProbe, due <= .now else { return nil }
        nextProbe = .now + MemberLimits.memberProbeInterval
        do {
            let metadata = try consumer.metadata(topic: topic, within: MemberLimits.memberProbe)
            if let error = metadata.topic(topic)?.error { return .unavailable("\(error)") }
            if case .outside = membership { return .unavailable("joining the consumer group") }
            nextProbe = nil
            return .available
        } catch {
            return .unavailable("\(error)")
        }
    }

    func attempt<T>(_ body: () throws(KafkaError) -> T) throws(MemberError) -> T {
        do {
            return try body()
        } catch {
            throw MemberError("\(error)", isFinal: error.isFatal || consumer.fatalError != nil)
        }
    }
}
