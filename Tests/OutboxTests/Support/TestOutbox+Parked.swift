import Postgres
import TestKit

@testable import Outbox

extension TestOutbox {
    /// Parks a key with this many held rows, numbered from 0, by a relay for which its topic is missing. No relay runs
    /// afterwards.
    func park(_ aggregate: String, rows: Int) async throws {
        let key = OutboxKey(aggregateType: "order", aggregateID: aggregate)
        var parking = self
        parking.behaviour = .init()
        parking.behaviour.closedTopics = TopicGate(closedFor: [key])
        let outbox = parking
        try await withRelay(try outbox.relay()) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRows(aggregate, 0..<Int64(rows))
                try writer.waits(
                    for: "(SELECT count(*) FROM outbox_relay.held WHERE aggregate_id = '\(aggregate)') = \(rows)")
            }
        }
    }

    func release(_ aggregate: String) async throws {
        try await onThread {
            let key = OutboxKey(aggregateType: "order", aggregateID: aggregate)
            guard try ParkedDesk(connect()).release(key, reason: "test") else {
                throw TestFailure("\(key) is not parked")
            }
        }
    }
}

extension PostgresConnection {
    private static let insertMany: PostgresStatement =
        """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        SELECT 'order', $1, s, 'happened', 'x' FROM generate_series($2::bigint, $3::bigint - 1) s
        """

    /// In one transaction.
    func insertRows(_ aggregate: String, _ sequences: Range<Int64>) throws {
        try query(Self.insertMany, [.text(aggregate), .int8(sequences.lowerBound), .int8(sequences.upperBound)])
    }
}
