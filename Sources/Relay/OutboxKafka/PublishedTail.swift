import Kafka
import Outbox
import Values

/// Reads the ends of an outbox's partitions back: which cut is the newest in Kafka, and the rows of the cuts after a
/// given one.
///
/// It goes back in each partition until it meets a record of the outbox that is old enough. Records of other producers
/// and records of releases before the header existed are passed over.
struct PublishedTail {
    private let configuration: KafkaPublisherConfiguration
    private let tag: UInt64
    private let cut: Int64
    private let isolation: String

    /// Offsets that are read from the end of a partition at first, then four times as many as before.
    static let firstOffsets: Int64 = 500
    /// Offsets that are looked at in one partition at most.
    static let mostOffsets: Int64 = 100_000

    init(_ configuration: KafkaPublisherConfiguration, tag: UInt64, after cut: Int64, guarantee: DeliveryGuarantee) {
        self.configuration = configuration
        self.tag = tag
        self.cut = cut
        // Records of other producers' open transactions must not hide what was published at least once.
        isolation = guarantee == .exactlyOnce ? "read_committed" : "read_uncommitted"
    }

    /// - Throws: `KafkaError`; `.timedOut` after `limit`.
    func read(within limit: Duration) throws -> PublishedRows {
        let deadline = ContinuousClock.now + limit
        var kafka = configuration.kafka
        kafka["transactional.id"] = nil
        kafka["isolation.level"] = isolation
        kafka["fetch.wait.max.ms"] = "10"
        kafka["allow.auto.create.topics"] = "false"
        let asker = try KafkaConsumer(kafka, groupID: "outbox-relay-tail", sink: configuration.sink)
        let topics = try asker.metadata(topic: nil, within: limit).topics.filter {
            configuration.topic.matches($0.name)
        }
        var rows = PublishedRows()
        for topic in topics.sorted(by: { $0.name < $1.name }) {
            if let error = topic.error { throw error }
            let places = topic.partitions.map { KafkaPartition(topic: topic.name, index: $0.index) }.sorted()
            var open: [KafkaPartition: KafkaWatermarks] = [:]
            for place in places {
                let marks = try asker.watermarks(place, within: deadline - .now)
                if marks.low < marks.high { open[place] = marks }
            }
            guard !open.isEmpty else { continue }
            try read(open, of: topic.name, kafka, until: deadline, into: &rows)
        }
        rows.rows.sort { ($0.topic, $0.partition, $0.offset) < ($1.topic, $1.partition, $1.offset) }
        return rows
    }

    private func read(
        _ marks: [KafkaPartition: KafkaWatermarks], of topic: String, _ kafka: KafkaConfiguration,
        until deadline: ContinuousClock.Instant, into rows: inout PublishedRows
    ) throws {
        var open = marks
        var depth = Self.firstOffsets
        while !open.isEmpty {
            // A reader of its own for each depth: a partition's end, found at one depth, may be told at the next one.
            let reader = try KafkaTopicReader(kafka, topic: topic, sink: configuration.sink)
            let starts = open.mapValues { KafkaOffset.at(max($0.low, $0.high - depth)) }
            var seen = Set<KafkaPartition>()
            var found: [PublishedRow] = []
            try reader.readToEnd(from: starts, within: deadline - .now) { batch in
                for record in batch {
                    guard let row = row(record) else { continue }
                    rows.newestCut = max(rows.newestCut ?? row.cut, row.cut)
                    if row.cut > cut {
                        found.append(row)
                    } else {
                        seen.insert(KafkaPartition(topic: record.topic, index: record.partition))
                    }
                }
            }
            let isDeepest = depth >= Self.mostOffsets
            let isDone = { (place: KafkaPartition, marks: KafkaWatermarks) in
                seen.contains(place) || marks.high - marks.low <= depth || isDeepest
            }
            let done = Set(open.filter { isDone($0.key, $0.value) }.keys)
            rows.rows += found.filter { done.contains(KafkaPartition(topic: $0.topic, index: $0.partition)) }
            if isDeepest {
                let missed = open.contains { !seen.contains($0.key) && $0.value.high - $0.value.low > depth }
                if missed, !found.isEmpty { rows.isComplete = false }
            }
            open = open.filter { !done.contains($0.key) }
            depth *= 4
        }
    }

    /// nil for a record of another producer.
    private func row(_ record: KafkaRecord) -> PublishedRow? {
        guard let value = record.header("outbox_relay_cut"), let (cut, tag) = RowHeaders.cut(value), tag == self.tag
        else { return nil }
        let eventID = (record.headerText("id") ?? record.headerText("ce_id")).flatMap { UUIDBytes($0) }
        return PublishedRow(
            topic: record.topic, partition: record.partition, offset: record.offset, cut: cut, eventID: eventID,
            time: record.timestampMilliseconds)
    }
}
