public import Kafka

/// Looks for an event in Kafka by its key, its id and its time: the outbox does not keep partition and offset.
///
/// The search is bounded: it reads each partition from its newest records backwards, in steps that grow, up to
/// ``OperationsLimits/recordsSearched`` records and ``OperationsLimits/searchMilliseconds``. Blocks; joins no group.
public struct KafkaSearch: Sendable {
    private let configuration: KafkaConfiguration

    /// - Parameter configuration: with `bootstrap.servers`.
    public init(_ configuration: KafkaConfiguration) { self.configuration = configuration }

    /// Ends the reading of a topic: the event was found.
    private struct Found: Error { var place: KafkaPlace }

    /// The first step back from a partition's end, in records.
    private static let firstDepth: Int64 = 1_000

    /// Searches a topic for an event.
    ///
    /// - Throws: `KafkaError` when Kafka is away.
    public func find(_ event: OutboxEvent, in topic: String) throws -> KafkaFinding {
        let deadline = ContinuousClock.now + .milliseconds(OperationsLimits.searchMilliseconds)
        let limit = Duration.milliseconds(OperationsLimits.kafkaMilliseconds)
        let consumer = try KafkaConsumer(configuration, groupID: "topic-reader")
        let known = try consumer.metadata(topic: topic, within: limit).topic(topic)
        guard let known, known.error == nil, !known.partitions.isEmpty else {
            return KafkaFinding(recordsRead: 0, isComplete: true, summary: "there is no topic \(topic)")
        }
        var marks: [KafkaPartition: KafkaWatermarks] = [:]
        for partition in known.partitions {
            let place = KafkaPartition(topic: topic, index: partition.index)
            let found = try consumer.watermarks(place, within: limit)
            if found.high > found.low { marks[place] = found }
        }
        var search = Search(event: event, marks: marks)
        do {
            while let starts = search.nextStep(Self.firstDepth) {
                let reader = try KafkaTopicReader(configuration, topic: topic)
                try reader.readToEnd(from: starts, within: deadline - .now) { batch in
                    for record in batch { if let place = search.look(record) { throw Found(place: place) } }
                }
                search.finishStep()
            }
        } catch let found as Found {
            return search.finding(found.place, topic)
        } catch let error as KafkaError where error.code == .timedOut {
            search.isComplete = false
        }
        return search.finding(nil, topic)
    }

    /// How far a search is. Pure.
    private struct Search {
        let event: OutboxEvent
        var marks: [KafkaPartition: KafkaWatermarks]
        var depth: Int64 = 0
        var recordsRead = 0
        var isComplete = true
        /// Partitions in which a record from before the event was read.
        private var passed: Set<KafkaPartition> = []

        init(event: OutboxEvent, marks: [KafkaPartition: KafkaWatermarks]) {
            self.event = event
            self.marks = marks
        }

        /// Where to read from; nil when every partition was read far enough.
        mutating func nextStep(_ first: Int64) -> [KafkaPartition: KafkaOffset]? {
            guard !marks.isEmpty else { return nil }
            guard depth < OperationsLimits.recordsSearched else {
                isComplete = false
                return nil
            }
            depth = depth == 0 ? first : min(depth * 10, OperationsLimits.recordsSearched)
            return marks.mapValues { .at(max($0.low, $0.high - depth)) }
        }

        mutating func finishStep() {
            marks = marks.filter { place, mark in !passed.contains(place) && mark.high - mark.low > depth }
        }

        /// The place of a record that is the event.
        mutating func look(_ record: KafkaRecord) -> KafkaPlace? {
            recordsRead += 1
            if let at = record.timestampMilliseconds, let created = event.createdAt?.microseconds,
                at * 1_000 < created - OperationsLimits.clockSlackSeconds * 1_000_000
            {
                passed.insert(KafkaPartition(topic: record.topic, index: record.partition))
            }
            guard record.keyText == event.aggregateId,
                (record.headerText("id") ?? record.headerText("ce_id")) == event.eventId,
                // A copy has the event id of its row.
                record.headerText(Replay.header) == event.replayOf
            else { return nil }
            let cut = record.headerText("outbox_relay_cut")?.split(separator: "@").first.flatMap { Int64($0) }
            return KafkaPlace(
                topic: record.topic, partition: record.partition, offset: record.offset,
                timestamp: record.timestampMilliseconds.map { Moment(microseconds: $0 * 1_000) },
                epoch: record.headerText("outbox_relay_epoch").flatMap { Int64($0) }, cut: cut)
        }

        func finding(_ place: KafkaPlace?, _ topic: String) -> KafkaFinding {
            let read = "\(recordsRead) records of \(topic) were read"
            let outcome =
                place != nil
                ? "found" : isComplete ? "not found" : "not found among the newest records; the search is bounded"
            return KafkaFinding(
                place: place, recordsRead: recordsRead, isComplete: isComplete || place != nil,
                summary: "\(outcome): \(read)")
        }
    }
}
