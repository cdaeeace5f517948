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
        // With 10,000 waiting records librdkafka stops fetching, and looks again after up to a second.
        var reading = kafka
        reading.setDefault("queued.min.messages", String(VerifyLimits.queuedRecords))
        reading.setDefault("queued.max.messages.kbytes", String(VerifyLimits.queuedKilobytes))
        self.kafka = reading
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
            try KafkaTopicReader(kafka, topic: topic.name).readToEnd(
                from: Dictionary(uniqueKeysWithValues: filled.map { ($0.place, .at($0.low)) }), atLeastTo: highs,
                within: .seconds(limit)
            ) { batch in
                try take(batch, topic.name, highs)
            }
        }
        progress.add(pending)
        try spill.finish()
    }

    private mutating func take(_ batch: KafkaRecordBatch, _ topic: String, _ highs: [KafkaPartition: Int64]) throws {
        // Records of one partition mostly follow each other.
        var last: (index: Int32, number: Int, high: Int64)?
        let ordinary = RecordedTopics(names)
        for record in batch {
            if last?.index != record.partition {
                let place = KafkaPartition(topic: topic, index: record.partition)
                guard let number = numbers[place], let high = highs[place] else { continue }
                last = (record.partition, number, high)
            }
            guard let last, record.offset < last.high else { continue }
            note(record, last.number)
            try take(record, last.number, ordinary)
        }
        pending += batch.count
        if pending >= VerifyLimits.countsPerReport {
            progress.add(pending)
            pending = 0
        }
    }

    /// The first record of a partition that lost its beginning tells up to when.
    private mutating func note(_ record: KafkaRecord, _ number: Int) {
        guard partitions[number].removedUntil == start.takenAt else { return }
        partitions[number].removedUntil = record.timestampMilliseconds.map { $0 * 1_000 } ?? start.takenAt - 1
    }

    private mutating func take(_ record: KafkaRecord, _ number: Int, _ recorded: RecordedTopics) throws {
        let headers = RecordHeaders(record, &types)
        let createdAt = headers.createdAt ?? (record.timestampMilliseconds ?? 0) * 1_000
        if headers.createdAt != nil, request.hasFilter, !request.covers(createdAt) { return }
        let recordKey = record.key ?? []
        if let key, !recordKey.elementsEqual(key) { return }
        count += 1
        guard let eventID = headers.eventID else { return findings.leave(.recordsWithoutID) }
        var flags: AuditEntry.Flags = []
        if headers.isReplay { flags.insert(.replayed) }
        if let tag = headers.tag, tag != start.tag { flags.insert(.foreign) }
        if headers.createdAt == nil { flags.insert(.withoutTime) }
        if partitions[number].topic == recorded.topic { flags.insert(.recorded) }
        try spill.append(
            AuditEntry(
                key: AuditHash.of(recordKey), eventID: eventID, rank: headers.sequence,
                value: record.value.map { AuditHash.of($0) } ?? AuditHash.nothing, place: record.offset,
                createdAt: createdAt, source: UInt32(number), type: headers.type, flags: flags))
    }
}
