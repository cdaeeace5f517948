import Kafka

/// What a member owes its consumer group, and which of its partitions are paused. Pure: the source does the calls.
///
/// An assignment is answered by a start, a revocation by letting the partitions go. Functions that say what to call
/// change nothing; the function with the past tense is called after the call succeeded, so that a failed call is
/// repeated as a whole.
struct GroupMembership {
    private enum State: Hashable {
        case outside
        /// The group waits for the answer to an assignment.
        case assigned([KafkaPartition])
        case reading([KafkaPartition], paused: Set<KafkaPartition>)
        /// The group waits until the member lets go.
        case revoked([KafkaPartition])
    }

    /// How reading starts at given offsets.
    enum Start: Hashable {
        /// Answer the assignment with the offsets.
        case assign
        /// Move partitions that are read already, then resume those that were paused.
        case seek(resuming: [KafkaPartition])
        /// The partitions are gone, or none was named.
        case nothing
    }

    private var state = State.outside

    /// Whether the group has given this member no assignment, or the last one has ended.
    var isOutside: Bool { state == .outside }

    // MARK: Events of the group

    mutating func assigned(_ partitions: [KafkaPartition]) { state = .assigned(partitions) }

    mutating func revoked(_ partitions: [KafkaPartition]) { state = .revoked(partitions) }

    /// The partitions of a revocation that is not answered; taking them answers it.
    mutating func takeRevoked() -> [KafkaPartition]? {
        guard case .revoked(let partitions) = state else { return nil }
        state = .outside
        return partitions
    }

    // MARK: Reading

    func start(_ partitions: some Collection<KafkaPartition>) -> Start {
        switch state {
        case .assigned: .assign
        case .reading(_, let paused) where !partitions.isEmpty:
            .seek(resuming: partitions.filter { paused.contains($0) }.sorted())
        case .reading, .outside, .revoked: .nothing
        }
    }

    mutating func started(_ partitions: some Collection<KafkaPartition>) {
        switch state {
        case .assigned(let all): state = .reading(all, paused: [])
        case .reading(let all, let paused): state = .reading(all, paused: paused.subtracting(partitions))
        case .outside, .revoked: break
        }
    }

    /// What a pause has to stop; empty when everything is paused or nothing is read.
    var partitionsToPause: [KafkaPartition] {
        guard case .reading(let all, let paused) = state else { return [] }
        return all.filter { !paused.contains($0) }
    }

    mutating func paused() {
        if case .reading(let all, _) = state { state = .reading(all, paused: Set(all)) }
    }

    /// What a resumption has to go on with; empty when nothing is paused.
    var partitionsToResume: [KafkaPartition] {
        guard case .reading(_, let paused) = state else { return [] }
        return paused.sorted()
    }

    mutating func resumed() {
        if case .reading(let all, _) = state { state = .reading(all, paused: []) }
    }
}
