import Kafka
import OutboxKafka
import Values

/// Reads the records of all topics into a spill file, partition by partition in the order of their offsets.
struct KafkaScan {
    /// What reading a partition tells besides its records.
    struct PartitionState: Sendable {
        var place: KafkaPartition
        /// The number of the topic.
        var topic: UInt16
        /// Of the time before this one, in microseconds since 1970, records were removed by Kafka's retention.
        var removedUntil: Int64?
    }

    let kafka: KafkaConfiguration
    let request: AuditRequest
    let start: AuditStart
    let names: AuditNames
    let progress: AuditProgress
    let spill: SpillFile
    private(set) var partitions: [PartitionState]
    private(set) var findings = Findings()
    private(set) var count = 0
    private let ends: TopicEnds
    private var numbers: [KafkaPartition: Int]
    private var types: TypeNames
    private let key: [UInt8]?
    private var pending = 0

    init(
        _ kafka: KafkaConfiguration, _ ends: TopicEnds, _ request: AuditRequest, _ start: AuditStart,
        _ names: AuditNames, _ progress: AuditProgress
    ) throws {
        self.kafka = kafka
        (self.ends, self.request, self.start, self.names, self.progress) = (ends, request, start, names, progress)
        spill = try SpillFile(directory: request.directory)
        types = TypeNames(names)
        key = request.aggregateId.map { Array($0.utf8) }
        partitions = ends.partitions.map { partition in
            // Until a record is read: nothing of the partition is left, and all of it was removed.
            PartitionState(
                place: partition.place, topic: names.topic(partition.place.topic),
                removedUntil: partition.low > 0 ? start.takenAt : nil)
        }
        numbers = Dictionary(uniqueKeysWithValues: partitions.enumerated().map { ($1.place, $0) })
    }

    mutating func run() throws {
        for topic in ends.topics where topic.partitions.contains(where: { $0.high > $0.low }) {
            let filled = topic.partitions.filter { $0.high > $0.low }
            let records = filled.reduce(0) { $0 + $1.high - $1.low }
            let limit = VerifyLimits.readingSeconds + Int(records / VerifyLimits.recordsPerSecond)
            let highs = Dictionary(uniqueKeysWithValues: filled.map { ($0.place, $0.high) })
            var cursor = Cursor(topic: topic.name, ordinary: RecordedTopics(names).topic)
            try KafkaTopicReader(scanning: topic.name, kafka).scanToEnd(
                from: Dictionary(uniqueKeysWithValues: filled.map { ($0.place, .at($0.low)) }), atLeastTo: highs,
                within: .seconds(limit)
            ) { record in
                try take(record, &cursor, highs)
            }
        }
        progress.add(pending)
        try spill.finish()
    }

    /// Where the reading is: records of one partition mostly follow each other.
    private struct Cursor {
        let topic: String
        /// The topic of the event store's records.
        let ordinary: UInt16
        var partition: Int32 = -1
        var number = 0
        /// The end that is compared; 0 for a partition that is not.
        var high: Int64 = 0
    }

    private mutating func take(
        _ record: borrowing KafkaRecordView, _ cursor: inout Cursor, _ highs: [KafkaPartition: Int64]
    ) throws {
        if cursor.partition != record.partition {
            let place = KafkaPartition(topic: cursor.topic, index: record.partition)
            (cursor.partition, cursor.number, cursor.high) = (record.partition, numbers[place] ?? 0, highs[place] ?? 0)
        }
        guard record.offset < cursor.high else { return }
        note(record, cursor.number)
        try take(record, cursor.number, cursor.ordinary)
        pending += 1
        if pending >= VerifyLimits.countsPerReport {
            progress.add(pending)
            pending = 0
        }
    }

    /// The first record of a partition that lost its beginning tells up to when.
    private mutating func note(_ record: borrowing KafkaRecordView, _ number: Int) {
        guard partitions[number].removedUntil == start.takenAt else { return }
        let written = record.timestampMilliseconds
        partitions[number].removedUntil = written.map { $0 * 1_000 } ?? start.takenAt - 1
    }

    private mutating func take(_ record: borrowing KafkaRecordView, _ number: Int, _ ordinary: UInt16) throws {
        let headers = RecordHeaders(record, &types)
        let createdAt = headers.createdAt ?? (record.timestampMilliseconds ?? 0) * 1_000
        if headers.createdAt != nil, request.hasFilter, !request.covers(createdAt) { return }
        let recordKey = record.key
        if let key, !recordKey.elementsEqual(key) { return }
        count += 1
        guard let eventID = headers.eventID else { return findings.leave(.recordsWithoutID) }
        var flags: AuditEntry.Flags = []
        if headers.isReplay { flags.insert(.replayed) }
        if let tag = headers.tag, tag != start.tag { flags.insert(.foreign) }
        if headers.createdAt == nil { flags.insert(.withoutTime) }
        if partitions[number].topic == ordinary { flags.insert(.recorded) }
        try spill.append(
            AuditEntry(
                key: AuditHash.of(recordKey), eventID: eventID, rank: headers.sequence,
                value: hash(record.value), place: record.offset,
                createdAt: createdAt, source: UInt32(number), type: headers.type, flags: flags))
    }

    private func hash(_ value: UnsafeRawBufferPointer?) -> UInt64 {
        value.map { AuditHash.of($0) } ?? AuditHash.nothing
    }
}
