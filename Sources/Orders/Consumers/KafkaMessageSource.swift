public import Kafka
public import Logging
import Synchronization
public import Threads

/// The messages of one topic from Kafka, by a member of a consumer group.
///
/// Between ``SourceEvent/revoked(lost:)`` and the next call of ``next(until:)`` the owner may still commit.
public final class KafkaMessageSource: MessageSource {
    private let topic: String
    private let maximumBatchMessages: Int
    private let consumer: KafkaConsumer
    private let notes: ClientNotes
    private var membership = GroupMembership()
    /// When to ask whether Kafka is well; nil while no trouble is known.
    private var nextProbe: ContinuousClock.Instant?
    private let fetchProbe: FetchProbe
    /// A partition whose fetches were refused; nil when they succeed, as far as known.
    private var refused: KafkaPartition?

    /// Joins the group.
    ///
    /// - Parameters:
    ///   - groupID: the consumer group; `group.id` among the settings wins.
    ///   - maximumBatchMessages: the most messages of one ``SourceEvent/messages(_:)``.
    ///   - wake: ends a wait.
    ///   - throttle: is told of quotas that slow the member down.
    /// - Throws: ``MessageSourceError``, final, when librdkafka refuses a setting.
    public init(
        _ configuration: KafkaConfiguration, topic: String, groupID: String, maximumBatchMessages: Int,
        wake: WakeDescriptor, throttle: KafkaThrottle = KafkaThrottle(), logger: Logger
    ) throws(MessageSourceError) {
        let notes = ClientNotes(logger, throttle)
        self.topic = topic
        self.maximumBatchMessages = maximumBatchMessages
        self.notes = notes
        let configuration = configuration.forMembers()
        fetchProbe = FetchProbe(configuration)
        do {
            consumer = try KafkaConsumer(
                configuration, groupID: groupID, wake: wake, sink: { notes.take($0) })
            try consumer.subscribe([topic])
        } catch {
            throw MessageSourceError("Kafka: \(error)", isFinal: true)
        }
        // Until the group answers, report what keeps it from answering.
        nextProbe = .now + ConsumerLimits.probeInterval
    }

    /// Waits at most once, so it may return `.idle` early: after a wake-up only the queue counts.
    public func next(until deadline: ContinuousClock.Instant?) throws(MessageSourceError) -> SourceEvent {
        try answerRevocation()
        if let event = try poll() { return event }
        if let event = try probe() { return event }
        if let deadline, deadline <= .now { return .idle }
        let until = [deadline, nextProbe].compactMap { $0 }.min()
        consumer.wait(upTo: until.map { $0 - .now })
        return try poll() ?? .idle
    }

    /// Closes the consumer; blocks for at most 5 seconds.
    public func close() {
        consumer.close(within: ConsumerLimits.leaveGroup)
    }

    private func attempt<T>(_ body: () throws(KafkaError) -> T) throws(MessageSourceError) -> T {
        do {
            return try body()
        } catch {
            throw MessageSourceError("Kafka: \(error)", isFinal: error.isFatal || consumer.fatalError != nil)
        }
    }
}

// MARK: - Events

extension KafkaMessageSource {
    private func poll() throws(MessageSourceError) -> SourceEvent? {
        while let event = consumer.poll(maximumRecords: maximumBatchMessages) {
            if let translated = try translate(event) { return translated }
        }
        return notes.takeTrouble().map { troubled($0) }
    }

    private func translate(_ event: KafkaConsumerEvent) throws(MessageSourceError) -> SourceEvent? {
        switch event {
        case .records(let records): return .messages(records.map { ConsumedMessage($0) })
        case .assigned(let partitions): return try assigned(partitions)
        case .revoked(let partitions, let lost):
            membership.revoked(partitions)
            return .revoked(lost: lost)
        case .partitionFailed(let partition, let error): return failed(partition, error)
        case .failed(let error):
            if error.isFatal { throw MessageSourceError("Kafka: \(error)", isFinal: true) }
            return troubled("\(error)")
        case .committed(_, let error):
            if let error { notes.logger.debug("offsets were not committed", metadata: ["reason": "\(error)"]) }
            return nil
        case .reachedEnd: return nil
        }
    }

    private func assigned(_ partitions: [KafkaPartition]) throws(MessageSourceError) -> SourceEvent {
        nextProbe = nil
        refused = nil
        membership.assigned(partitions)
        if partitions.isEmpty { try start([:]) }
        return .assigned(partitions.filter { $0.topic == topic }.map(\.index))
    }

    private func failed(_ partition: KafkaPartition, _ error: KafkaError) -> SourceEvent {
        switch error.code {
        case .noStartOffset, .offsetOutOfRange, .noOffset:
            .offsetLost(partition: partition.index, detail: "\(error)")
        default: refusedFetch(partition, error)
        }
    }

    private func refusedFetch(_ partition: KafkaPartition, _ error: KafkaError) -> SourceEvent {
        if error.code.disposition == .topic { refused = partition }
        return troubled("\(error)")
    }

    private func answerRevocation() throws(MessageSourceError) {
        guard let partitions = membership.takeRevoked() else { return }
        try attempt { () throws(KafkaError) in try consumer.unassign(partitions) }
    }

    /// From now on the broker is asked whether the trouble is over.
    private func troubled(_ why: String) -> SourceEvent {
        nextProbe = .now + ConsumerLimits.probeInterval
        return .unavailable(why)
    }

    /// Asks the broker, while there is trouble, whether it is over: the consumer reports when brokers go, not when they
    /// come back.
    ///
    /// - Throws: ``MessageSourceError``, final, where another consumer takes renewed certificates.
    private func probe() throws(MessageSourceError) -> SourceEvent? {
        guard let due = nextProbe, due <= .now else { return nil }
        nextProbe = .now + ConsumerLimits.probeInterval
        do {
            let metadata = try consumer.metadata(topic: topic, within: ConsumerLimits.probeAnswer)
            if let error = metadata.topic(topic)?.error { return .unavailable("\(error)") }
            if membership.isOutside { return .unavailable("joining the consumer group") }
            if let refused, let why = fetchProbe.failure(of: refused, within: ConsumerLimits.fetchProbeAnswer) {
                return .unavailable(why)
            }
            refused = nil
            nextProbe = nil
            return .available
        } catch {
            if consumer.isOutdated {
                throw MessageSourceError(
                    "Kafka: \(error); the files of certificates have changed: connecting with the new ones",
                    isFinal: true)
            }
            return .unavailable("\(error)")
        }
    }
}

// MARK: - Reading

extension KafkaMessageSource {
    /// Answers an assignment, or moves partitions that are read already.
    public func start(_ positions: [Int32: Int64]) throws(MessageSourceError) {
        var offsets: [KafkaPartition: KafkaOffset] = [:]
        for (index, offset) in positions { offsets[KafkaPartition(topic: topic, index: index)] = .at(offset) }
        try attempt { () throws(KafkaError) in
            switch membership.start(offsets.keys) {
            case .assign: try consumer.assign(offsets)
            case .seek(let paused):
                try consumer.seek(offsets, within: ConsumerLimits.brokerAnswer)
                if !paused.isEmpty { try consumer.resume(paused) }
            case .nothing: return
            }
            membership.started(offsets.keys)
        }
    }

    /// Stops fetching at librdkafka.
    public func pause() throws(MessageSourceError) {
        let partitions = membership.partitionsToPause
        guard !partitions.isEmpty else { return }
        try attempt { () throws(KafkaError) in try consumer.pause(partitions) }
        membership.paused()
    }

    /// Fetches again, from where the last delivered message was.
    public func resume() throws(MessageSourceError) {
        let partitions = membership.partitionsToResume
        guard !partitions.isEmpty else { return }
        try attempt { () throws(KafkaError) in try consumer.resume(partitions) }
        membership.resumed()
    }
}

// MARK: - Offsets

extension KafkaMessageSource {
    /// Asks for fresh metadata first, since the client remembers the id of the cluster that it saw last.
    public func clusterID() throws(MessageSourceError) -> String {
        try attempt { () throws(KafkaError) in
            _ = try consumer.metadata(topic: topic, within: ConsumerLimits.brokerAnswer)
            return try consumer.clusterID(within: ConsumerLimits.brokerAnswer)
        }
    }

    /// One request per partition.
    public func endOffsets(of partitions: [Int32]) throws(MessageSourceError) -> [Int32: Int64] {
        try attempt { () throws(KafkaError) in
            var offsets: [Int32: Int64] = [:]
            for partition in partitions {
                let marks = try consumer.watermarks(
                    KafkaPartition(topic: topic, index: partition), within: ConsumerLimits.brokerAnswer)
                offsets[partition] = marks.high
            }
            return offsets
        }
    }

    /// Asks the group's coordinator.
    public func committedOffsets(of partitions: [Int32]) throws(MessageSourceError) -> [Int32: Int64] {
        try attempt { () throws(KafkaError) in
            let offsets = try consumer.committed(
                partitions.map { KafkaPartition(topic: topic, index: $0) }, within: ConsumerLimits.brokerAnswer)
            return Dictionary(offsets.map { ($0.key.index, $0.value) }) { $1 }
        }
    }

    /// A failure of a commit without waiting goes to the log, at level debug: the next commit covers it.
    public func commit(_ offsets: [Int32: Int64], waiting: Bool) throws(MessageSourceError) {
        let offsets = Dictionary(offsets.map { (KafkaPartition(topic: topic, index: $0.key), $0.value) }) { $1 }
        try attempt { () throws(KafkaError) in
            if waiting { try consumer.commit(offsets) } else { try consumer.commitWithoutWaiting(offsets) }
        }
    }
}

// MARK: - The client

extension KafkaConfiguration {
    /// With the defaults of a group member; each of them is overridden by its `KAFKA_` variable.
    fileprivate func forMembers() -> KafkaConfiguration {
        var result = self
        // A killed member is noticed after this; the broker's own lower bound is 6 seconds.
        result.setDefault("session.timeout.ms", "10000")
        result.setDefault("heartbeat.interval.ms", "2000")
        result.setDefault("queued.min.messages", String(ConsumerLimits.queuedMessages))
        // How soon a topic that was missing, or new partitions, are found.
        result.setDefault("topic.metadata.refresh.interval.ms", "5000")
        return result
    }
}

/// Takes what librdkafka's threads report: log lines go to the log, conditions that stop consumption to the source.
private final class ClientNotes: Sendable {
    let logger: Logger
    private let throttle: KafkaThrottle
    private let trouble = Mutex<String?>(nil)

    init(_ logger: Logger, _ throttle: KafkaThrottle) {
        self.logger = logger
        self.throttle = throttle
    }

    func take(_ event: KafkaClientEvent) {
        switch event {
        case .throttled: if let news = throttle.note(event) { logger.warning("\(news)") }
        case .log(let level, let facility, let message):
            logger.log(level: level <= 3 ? .warning : .debug, "librdkafka \(facility): \(message)")
        case .error(let error):
            logger.debug("Kafka client", metadata: ["condition": "\(error)"])
            guard error.code == .allBrokersDown || error.code.disposition != .transient else { return }
            trouble.withLock { $0 = "\(error)" }
        case .statistics: break
        }
    }

    func takeTrouble() -> String? {
        trouble.withLock { trouble in
            defer { trouble = nil }
            return trouble
        }
    }
}
