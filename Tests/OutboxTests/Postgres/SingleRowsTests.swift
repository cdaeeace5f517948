import Postgres
import TestKit
import Testing

@testable import Outbox

/// Rows of which the relay's view cannot make what is published: a text that is no UTF-8, json that jsonb does not
/// take. Their keys wait, all others flow.
struct SingleRowsTests {
    /// Payloads `bad` and the id `garbled` cannot be read.
    private static let view = """
        CREATE OR REPLACE VIEW outbox_relay.source AS
            SELECT outbox_id, transaction_id, event_id, aggregate_type,
                   convert_from(CASE WHEN aggregate_id = 'garbled' THEN '\\xff'::bytea ELSE convert_to(aggregate_id,
                       'UTF8') END, 'UTF8')
                       COLLATE "default" AS aggregate_id,
                   sequence_number, event_type,
                   decode(CASE WHEN payload = 'bad' THEN 'no hexadecimals' ELSE encode(payload, 'hex') END, 'hex') AS
                       payload,
                   headers, created_at
            FROM outbox
        """

    private static let sick = OutboxKey(aggregateType: "order", aggregateID: "sick")

    private func outbox(_ guarantee: DeliveryGuarantee) async throws -> TestOutbox {
        var outbox = try await TestOutbox()
        outbox.guarantee = guarantee
        outbox.behaviour.queueRows = 1_000
        let made = outbox
        try await onThread { try made.connect().execute(Self.view) }
        return made
    }

    private static func insert(_ connection: PostgresConnection, _ id: String, _ sequence: Int, payload: String = "x")
        throws
    {
        try connection.query(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload) VALUES ('order',
            $1, $2, 'happened', convert_to($3, 'UTF8'))
            """,
            [.text(id), .int8(Int64(sequence)), .text(payload)])
    }

    /// A few rows come with their cut, many are read in chunks: a row that cannot be read is found in both.
    @Test(arguments: [DeliveryGuarantee.atLeastOnce, .exactlyOnce], [3, 2 * OutboxLimits.rowsOfFirstChunk])
    func theKeyOfARowThatCannotBeReadWaitsAndNoOther(_ guarantee: DeliveryGuarantee, others: Int) async throws {
        let outbox = try await outbox(guarantee)
        try await onThread {
            let writer = try outbox.connect()
            try writer.execute("BEGIN")
            try writer.insertRows("before", 0..<Int64(others))
            try Self.insert(writer, "sick", 0)
            try Self.insert(writer, "sick", 1, payload: "bad")
            try Self.insert(writer, "sick", 2)
            try Self.insert(writer, "garbled", 0)
            try writer.insertRows("behind", 0..<Int64(others))
            try writer.execute("COMMIT")
        }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                #expect(outbox.topic.wait { $0.count == 2 * others + 1 })
                let desk = try ParkedDesk(outbox.connect())
                try desk.connection.waits(for: "(SELECT count(*) FROM outbox_relay.held) = 3")
                let parked = try desk.parked()
                #expect(parked.map(\.key.aggregateID).sorted().first?.hasPrefix("outbox_id ") == true)
                #expect(parked.map(\.key.aggregateType).sorted() == ["order", "unreadable"])
                #expect(parked.first { $0.key == Self.sick }?.error.contains("the row cannot be read") == true)
                // Later rows are not held up either.
                try Self.insert(desk.connection, "before", others)
                try Self.insert(desk.connection, "sick", 3)
                #expect(outbox.topic.wait { $0.count == 2 * others + 2 })
                // Released as it is, it stays parked.
                #expect(try desk.release(Self.sick, reason: "test"))
                try desk.connection.waits(
                    for: "(SELECT release_asked_at IS NULL FROM outbox_relay.parked WHERE aggregate_id = 'sick')")
                #expect(outbox.topic.messages.filter { $0.key == Self.sick }.map(\.sequence) == [0])
                // Once dropped, the row holds up no other row.
                let bad = try desk.connection.query("SELECT outbox_id FROM outbox WHERE payload = 'bad'").int64(0, 0)
                #expect(try desk.skip(bad, reason: "test") == Self.sick)
                #expect(try desk.release(Self.sick, reason: "test"))
                #expect(outbox.topic.wait { $0.filter { $0.key == Self.sick }.map(\.sequence) == [0, 2, 3] })
            }
        }
    }
}
