/// The settings of a topic that decide how long its records live and which of them brokers take.
struct TopicSettings: Equatable, Sendable {
    private let values: [String: String]

    /// - Parameter values: by their names in Kafka; a missing one is unknown.
    init(_ values: [String: String]) { self.values = values }

    /// The largest batch that brokers take, in bytes.
    var maximumBytes: Int? { values["max.message.bytes"].flatMap { Int($0) } }

    /// The parts of `cleanup.policy`.
    var policies: [String] {
        values["cleanup.policy", default: ""].split(separator: ",").map { $0.filter { $0 != " " } }
    }

    /// Whether brokers keep only the newest record of each key.
    var isCompacted: Bool { policies.contains("compact") }

    /// How long records are kept, in milliseconds; nil: for ever, or unknown.
    var retention: Int64? { policies.contains("delete") ? limit("retention.ms") : nil }

    /// How many bytes of a partition are kept; nil: all, or unknown.
    var retentionBytes: Int64? { policies.contains("delete") ? limit("retention.bytes") : nil }

    /// Whether brokers replace the times of records by their own.
    var stampsItself: Bool { values["message.timestamp.type"] == "LogAppendTime" }

    /// How far behind the broker's clock a record may be, in milliseconds; nil: any time, or unknown.
    var before: Int64? { bound("message.timestamp.before.max.ms") }

    /// How far ahead of the broker's clock a record may be, in milliseconds; nil: any time, or unknown.
    var after: Int64? { bound("message.timestamp.after.max.ms") }

    /// How many replicas must have a record before it is acknowledged; nil: unknown.
    var minimumReplicas: Int64? { limit("min.insync.replicas") }

    /// Whether a replica that lacks acknowledged records may lead.
    var electsUnclean: Bool { values["unclean.leader.election.enable"] == "true" }

    /// The greatest age of a record's stamp, in milliseconds: half of what is refused or deleted as too old, so that
    /// the record is readable for a while. nil if nothing is too old, or brokers replace the stamp.
    var greatestAge: Int64? { stampsItself ? nil : [retention, before].compactMap { $0 }.min().map { $0 / 2 } }

    /// The value as it is written; nil if it is unknown.
    subscript(name: String) -> String? { values[name] }

    private func limit(_ name: String) -> Int64? { values[name].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 } }

    /// Brokers before 3.6 have one setting for both directions. The largest number stands for no bound.
    private func bound(_ name: String) -> Int64? {
        (limit(name) ?? limit("message.timestamp.difference.max.ms")).flatMap { $0 == .max ? nil : $0 }
    }
}
