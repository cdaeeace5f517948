import Values

/// What Kafka has and a database lost, in words.
struct DataLoss: CustomStringConvertible {
    /// The newest cut that the database knows.
    let known: Int64
    let found: PublishedRows
    let lost: [PublishedRow]

    /// How many partitions are named; the others are counted.
    private static let placesNamed = 8

    var description: String {
        let newest = found.newestCut ?? known
        let cuts = "the newest cut of this database is \(known), and Kafka has rows of cut \(newest)"
        if lost.isEmpty, !found.isComplete { return "\(cuts), which are not in Kafka any more" }
        guard !lost.isEmpty else { return "\(cuts); all of these rows are still in this database" }
        let many = found.isComplete ? "\(lost.count)" : "at least \(lost.count)"
        return "\(cuts): \(many) rows are in Kafka and not in this database, \(times)\(places)"
    }

    private var times: String {
        let times = lost.compactMap(\.time)
        guard let first = times.min(), let last = times.max() else { return "" }
        return "published from \(Self.text(first)) to \(Self.text(last)), "
    }

    private static func text(_ milliseconds: Int64) -> String {
        CivilTime(microsecondsSince1970: milliseconds * 1000).rfc3339()
    }

    /// The lost rows of each partition, for the table `record_loss`.
    var records: [LostRecords] {
        let grouped = Dictionary(grouping: lost, by: \.place).values.compactMap { rows -> LostRecords? in
            let offsets = rows.map(\.offset)
            guard let row = rows.first, let first = offsets.min(), let last = offsets.max() else { return nil }
            return LostRecords(
                .database, topic: row.topic, partition: row.partition, from: first, until: last + 1,
                rows: Int64(rows.count))
        }
        return grouped.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    }

    private var places: String {
        let records = records
        let named = records.prefix(Self.placesNamed).map { records in
            "\(records.topic)[\(records.partition)] offsets \(records.from) to \(records.until - 1) "
                + "(\(records.rows ?? 0))"
        }
        let others = records.count - named.count
        return named.joined(separator: ", ") + (others > 0 ? " and \(others) more partitions" : "")
    }

    /// - Parameter step: what made the question arise.
    func refusal(_ step: String, _ schema: String) -> OutboxError {
        let option = schema == "outbox_relay" ? "" : " --schema \(schema)"
        let consequence =
            lost.isEmpty
            ? "Publishing them again would repeat them"
            : "Consumers have seen them, and their keys may get other rows in their place"
        return OutboxError(
            .dataLoss,
            """
            this database is behind Kafka: \(step); \(description). \(consequence). Set \
            RELAY_AFTER_DATA_LOSS=continue to publish on from here, or run, as the owner of the schema: outboxctl \
            rebase\(option) --republish-since <time> --reason <why>
            """)
    }
}
