import Orders
import Postgres
import Values

/// Finds the violations of I1 to I5 in a history. Pure: ``PipelineReader`` reads the history.
///
/// The history must have been read after the pipeline drained; until then I3 and I5 may be behind.
public struct InvariantChecker {
    private let history: PipelineHistory
    private let acknowledged: [Acknowledgement]
    private let orderType = ExactText("order")

    /// - Parameters:
    ///   - history: of the whole pipeline.
    ///   - acknowledged: the answers that clients got.
    public init(_ history: PipelineHistory, acknowledged: [Acknowledgement] = []) {
        self.history = history
        self.acknowledged = acknowledged
    }

    /// All violations, by invariant; empty if every invariant holds.
    public func violations() -> [InvariantViolation] {
        lostAcknowledgements() + halfWrites() + gaps() + unpublishedRows() + inversions() + wrongProjections()
    }

    // MARK: - I1

    private func lostAcknowledgements() -> [InvariantViolation] {
        let lengths = Dictionary(grouping: history.events, by: \.aggregateID).mapValues { Int64($0.count) }
        return acknowledged.compactMap { promise in
            let found = lengths[promise.orderID, default: 0]
            guard found < promise.version else { return nil }
            return InvariantViolation(
                invariant: .durable, aggregateID: promise.orderID.text,
                problem: "acknowledged with \(promise.version) events, the store has \(found)")
        }
    }

    /// Events without outbox row, and rows of orders without event. Other aggregate types have no events here.
    private func halfWrites() -> [InvariantViolation] {
        let rows = Set(history.outbox.map(\.eventID))
        let events = Set(history.events.map(\.eventID))
        let silent = history.events.filter { !rows.contains($0.eventID) }.map {
            InvariantViolation(
                invariant: .durable, aggregateID: $0.aggregateID.text,
                problem: "event \($0.sequenceNumber) has no outbox row")
        }
        let orphans = history.outbox.filter { $0.aggregateType == orderType && !events.contains($0.eventID) }.map {
            InvariantViolation(
                invariant: .durable, aggregateID: $0.aggregateID.text,
                problem: "outbox row \($0.sequenceNumber) has no event")
        }
        return silent + orphans
    }

    // MARK: - I2

    private func gaps() -> [InvariantViolation] {
        Dictionary(grouping: history.events, by: \.aggregateID).compactMap { aggregate, events in
            let numbers = events.map(\.sequenceNumber).sorted()
            guard numbers != (0..<Int64(numbers.count)).map({ $0 }) else { return nil }
            return InvariantViolation(
                invariant: .gapless, aggregateID: aggregate.text, problem: "has the sequence numbers \(numbers)")
        }
    }

    // MARK: - I3

    private func unpublishedRows() -> [InvariantViolation] {
        let published = Dictionary(history.records.map { ($0.eventID, $0) }, uniquingKeysWith: { first, _ in first })
        return history.outbox.compactMap { row in
            let problem: String
            if let record = published[row.eventID] {
                guard let difference = difference(row, record) else { return nil }
                problem = "row \(row.sequenceNumber) reached Kafka with another \(difference)"
            } else {
                problem = "row \(row.sequenceNumber) is not in Kafka"
            }
            return InvariantViolation(invariant: .published, aggregateID: row.aggregateID.text, problem: problem)
        }
    }

    private func difference(_ row: OutboxEntry, _ record: PublishedRecord) -> String? {
        if record.topic != ExactText(history.topicPrefix + row.aggregateType.text) {
            return "topic (\(record.topic.text))"
        }
        if record.key != row.aggregateID { return "key (\(record.key.text))" }
        if record.sequenceNumber != row.sequenceNumber { return "sequence number (\(record.sequenceNumber))" }
        return record.value == row.payload ? nil : "value"
    }

    // MARK: - I4

    private func inversions() -> [InvariantViolation] {
        var seen: Set<ExactText> = []
        var last: [TopicKey: Int64] = [:]
        var found: [InvariantViolation] = []
        for record in history.records where seen.insert(record.eventID).inserted {
            let key = TopicKey(topic: record.topic, key: record.key)
            if let previous = last[key], record.sequenceNumber <= previous {
                found.append(
                    InvariantViolation(
                        invariant: .ordered, aggregateID: record.key.text,
                        problem: "\(record.sequenceNumber) appears for the first time after \(previous)"))
            }
            last[key] = record.sequenceNumber
        }
        return found
    }

    // MARK: - I5

    private func wrongProjections() -> [InvariantViolation] {
        let histories = Dictionary(grouping: history.events, by: \.aggregateID)
        let wrong: [InvariantViolation] = histories.compactMap { order, events in
            let sorted = events.sorted { $0.sequenceNumber < $1.sequenceNumber }
            guard let state = sorted.map(\.event).fold(), let last = sorted.last else { return nil }
            let expected = ProjectedState(version: last.sequenceNumber, state: state)
            guard history.projection[order] != expected else { return nil }
            let shown = history.projection[order].map { "\($0)" } ?? "nothing"
            return InvariantViolation(
                invariant: .projected, aggregateID: order.text,
                problem: "the projection shows \(shown), the events say \(expected)")
        }
        let unknown = history.projection.keys.filter { histories[$0] == nil }.map {
            InvariantViolation(
                invariant: .projected, aggregateID: $0.text, problem: "the projection shows an order without events")
        }
        return wrong + unknown
    }
}

/// The unit of Kafka's order: the messages of one key in one topic.
private struct TopicKey: Hashable {
    let topic: ExactText
    let key: ExactText
}
