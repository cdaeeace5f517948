import Operations
import Values

/// What the threads of an audit find, each in its own value; the values are added at the end.
struct Findings {
    private(set) var counts: [DifferenceKind: Int] = [:]
    private(set) var examples: [DifferenceKind: [Difference]] = [:]
    var known = KnownCases()
    private(set) var unjudged: [UnjudgedReason: Int] = [:]

    /// Counts a difference, and keeps it if it is one of the first of its kind.
    mutating func add(_ kind: DifferenceKind, _ make: () -> Difference) {
        counts[kind, default: 0] += 1
        guard examples[kind, default: []].count < VerifyLimits.examplesPerKind else { return }
        examples[kind, default: []].append(make())
    }

    mutating func leave(_ reason: UnjudgedReason) { unjudged[reason, default: 0] += 1 }

    mutating func add(_ other: Findings) {
        counts.merge(other.counts, uniquingKeysWith: +)
        unjudged.merge(other.unjudged, uniquingKeysWith: +)
        for (kind, more) in other.examples {
            let all = examples[kind, default: []] + more
            examples[kind] = Array(all.prefix(VerifyLimits.examplesPerKind))
        }
        known.add(other.known)
    }
}

/// Why something is not judged. The raw value is for people; `%` is the number.
enum UnjudgedReason: String, CaseIterable {
    case rowsBehindRetention = "rows or events have no record, and Kafka's retention removed records of their time"
    case eventsBehindOutbox = "events are older than the oldest row of the outbox: they were compared with Kafka alone"
    case recordsBehindOutbox = "records without a row are older than the oldest row of the outbox"
    case recordsWithoutTime = "records without a row do not tell the time of their row, so the filter may not mean them"
    case recordsWithoutID = "records have neither the header id nor ce_id"
    case ordersWhileHealing = "orders are behind in the read model, which is being healed"
    case ordersWithoutRecord = "orders are behind in the read model, and their records are not in Kafka any more"
    case severalTopics = "keys are in several partitions of a topic: their order was judged within each"
}

extension KnownCases {
    mutating func add(_ other: KnownCases) {
        onTheirWay += other.onTheirWay
        held += other.held
        skipped += other.skipped
        edited += other.edited
        leftOut += other.leftOut
        replayed += other.replayed
        duplicates += other.duplicates
        ofOtherOutboxes += other.ofOtherOutboxes
        lost += other.lost
        notProjectedYet += other.notProjectedYet
    }
}
