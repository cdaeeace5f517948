import Outbox

/// What will happen to the records of topics: one line for each kind of trouble, which names the topics and settings.
///
/// Kafka acknowledges records that no consumer will read. The relay cannot prevent all of that.
struct RecordForecast {
    /// Consumers may be away for this long, in milliseconds, without a warning: ten minutes.
    static let shortRetention: Int64 = 600_000
    /// Clocks may differ by this much, in milliseconds, without a warning: one minute.
    static let clockTolerance: Int64 = 60_000
    /// How many topics a line names.
    static let namedTopics = 5

    /// The topics whose settings are known.
    let topics: [KafkaPreflight.Topic]
    let timestamp: RecordTimestamp
    /// How long ago the oldest row that waits was written, in milliseconds; nil if none waits, or it is unknown.
    let oldestAge: Int64?

    /// Adds what will happen, as far as the settings tell.
    func add(to findings: inout KafkaPreflight.Findings) {
        tellTimes(&findings)
        tellLosses(&findings)
    }

    // MARK: Times

    private func tellTimes(_ findings: inout KafkaPreflight.Findings) {
        switch timestamp {
        case .created:
            warn(&findings, naming("message.timestamp.type") { $0.stampsItself }) {
                "\($0): brokers replace the times of records; RELAY_RECORD_TIMESTAMP=created has no effect"
            }
            warn(&findings, naming(Self.ages) { isTooOld($0.greatestAge) }) {
                "\($0): the oldest row that waits was written \(oldest) ago; Kafka deletes or refuses records of that "
                    + "age: they carry a later time, half as long ago as the limit, and ce_time keeps the row's time"
            }
        case .publish:
            note(&findings, naming(Self.ages) { isTooOld(oldestPossible($0)) }) {
                "\($0): the oldest row that waits was written \(oldest) ago, longer than records are kept or taken; "
                    + "records carry the time of publishing and are readable from then on for as long as others"
            }
        }
        warn(&findings, naming("retention.ms") { ($0.retention ?? .max) < Self.shortRetention }) {
            "\($0): a consumer that is away for longer misses rows, and so do all consumers of rows that wait in the "
                + "relay's producer for longer, while Kafka is away"
        }
        let bounds = ["message.timestamp.before.max.ms", "message.timestamp.after.max.ms"]
        warn(&findings, naming(bounds) { min($0.before ?? .max, $0.after ?? .max) < Self.clockTolerance }) {
            "\($0): where the clocks of relay and brokers differ by more, and where Kafka was away for longer than the "
                + "first, records are refused with INVALID_TIMESTAMP, and their keys parked"
        }
    }

    private static let ages = ["retention.ms", "message.timestamp.before.max.ms"]

    private func oldestPossible(_ settings: TopicSettings) -> Int64? {
        settings.stampsItself ? nil : [settings.retention, settings.before].compactMap { $0 }.min()
    }

    private func isTooOld(_ limit: Int64?) -> Bool {
        guard let limit, let oldestAge else { return false }
        return oldestAge > limit
    }

    private var oldest: String { "\((oldestAge ?? 0) / 1000) s" }

    // MARK: Losses

    private func tellLosses(_ findings: inout KafkaPreflight.Findings) {
        warn(&findings, naming("cleanup.policy") { $0.isCompacted }) {
            "\($0): Kafka keeps the newest row of each aggregate id only; a consumer that is late misses the others. "
                + "Rows without an aggregate id share the empty key: one of them stays"
        }
        warn(&findings, naming("unclean.leader.election.enable") { $0.electsUnclean }) {
            "\($0): a replica that lacks acknowledged rows may lead; these rows are lost, and the relay does not see it"
        }
        note(&findings, naming("min.insync.replicas") { $0.minimumReplicas == 1 }) {
            "\($0): a row counts as published when one broker has it, and is lost with that broker's disk; set it to 2 "
                + "with 3 replicas"
        }
        note(&findings, naming("retention.bytes") { $0.retentionBytes != nil }) {
            "\($0): a burst that is larger deletes rows of its partition before a slow consumer reads them"
        }
    }

    // MARK: Lines

    private func warn(_ findings: inout KafkaPreflight.Findings, _ names: String?, _ line: (String) -> String) {
        if let names { findings.warnings.append(line(names)) }
    }

    private func note(_ findings: inout KafkaPreflight.Findings, _ names: String?, _ line: (String) -> String) {
        if let names { findings.notes.append(line(names)) }
    }

    private func naming(_ setting: String, _ isMeant: (TopicSettings) -> Bool) -> String? { naming([setting], isMeant) }

    /// `topic a (retention.ms=1), b (retention.ms=2)`; nil if no topic is meant.
    private func naming(_ settings: [String], _ isMeant: (TopicSettings) -> Bool) -> String? {
        let found = topics.filter { $0.settings.map(isMeant) ?? false }
        guard !found.isEmpty else { return nil }
        let names = found.prefix(Self.namedTopics).map { topic in
            let values = settings.compactMap { name in topic.settings?[name].map { "\(name)=\($0)" } }
            return "\(topic.name) (\(values.joined(separator: ", ")))"
        }
        let more = found.count > names.count ? " and \(found.count - names.count) more" : ""
        return "topic \(names.joined(separator: ", "))\(more)"
    }
}
