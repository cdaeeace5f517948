import Kafka
import OutboxKafka

/// What all buckets are judged by.
struct JudgeGround: Sendable {
    var ground: AuditGround
    var request: AuditRequest
    /// By number.
    var topics: [String]
    var partitions: [KafkaScan.PartitionState]
    /// Of a topic's number: up to when Kafka's retention removed records; up to when losses are recorded.
    private var removedUntil: [UInt16: Int64] = [:]
    private var lostUntil: [UInt16: Int64] = [:]
    private var readTopics: Set<UInt16>

    init(_ ground: AuditGround, _ request: AuditRequest, topics: [String], partitions: [KafkaScan.PartitionState]) {
        (self.ground, self.request, self.topics, self.partitions) = (ground, request, topics, partitions)
        readTopics = Set(partitions.map(\.topic))
        for partition in partitions {
            guard let until = partition.removedUntil else { continue }
            removedUntil[partition.topic] = max(until, removedUntil[partition.topic] ?? .min)
        }
        for loss in ground.losses where !loss.isOfDatabase {
            guard let topic = topics.firstIndex(of: loss.partition.topic) else { continue }
            lostUntil[UInt16(topic)] = max(loss.noticedAt, lostUntil[UInt16(topic)] ?? .min)
        }
    }

    /// Whether the header values of a template decide topics, so that rows do not tell theirs.
    var comparesTopics: Bool { request.topics.headers.isEmpty }

    func isRemoved(_ entry: AuditEntry) -> Bool { entry.createdAt <= removedUntil[UInt16(entry.source)] ?? .min }
    func isLost(_ entry: AuditEntry) -> Bool { entry.createdAt <= lostUntil[UInt16(entry.source)] ?? .min }
    func isRead(_ entry: AuditEntry) -> Bool { readTopics.contains(UInt16(entry.source)) }

    /// Whether the row of an event may have been removed by the retention of the outbox.
    func isBehindOutbox(_ createdAt: Int64) -> Bool {
        guard !ground.isWhole else { return false }
        guard let oldest = ground.oldestRow else { return true }
        return createdAt <= oldest + VerifyLimits.eventSlackMicroseconds
    }

    /// Whether a record is one of those of which the database lost the rows.
    func isOrphan(_ record: AuditEntry) -> Bool {
        let place = partitions[Int(record.source)].place
        return ground.losses.contains {
            $0.isOfDatabase && $0.partition == place && $0.offsets.contains(record.place)
        }
    }

    func place(_ record: AuditEntry) -> String { "\(partitions[Int(record.source)].place)@\(record.place)" }
}
