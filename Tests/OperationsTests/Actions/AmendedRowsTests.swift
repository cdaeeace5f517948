import Kafka
import Outbox
import OutboxAdoption
import Postgres
import TestKit
import Testing

@testable import Operations

/// What became of rows that operators skipped or edited is known after the release of their keys.
@Suite struct AmendedRowsTests {
    private static let key = ParkedFilter(aggregateType: "letter", aggregateId: "big")

    /// A row that was dropped is not published, whatever the checkpoint says; an edited one is what Kafka got.
    @Test func aReleasedKeyTellsWhatBecameOfItsRows() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let desk = try outbox.desk()
            _ = try desk.skip([ids[0]], reason: "too large")
            _ = try desk.edit(ids[1], payload: Array("mended".utf8), headers: ["a": "1"], reason: "wrong")
            #expect(try desk.event(ids[0])?.isHeld == true)
            _ = try desk.release(Self.key, reason: "mended")
        }
        try await outbox.withRelay { connection in
            try connection.waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked)")
            let desk = try outbox.desk()
            let states = try ids.map { try desk.event($0)?.state }
            #expect(states == [.skipped, .published, .published])
            let dropped = try #require(try desk.life(of: ids[0]))
            #expect(!dropped.event.isHeld && dropped.waits?.hasPrefix("it is never published") == true)
            let mended = try #require(try desk.event(ids[1]))
            #expect(mended.isEdited && mended.payload.text == "mended" && mended.headers == ["a": "1"])
            var filter = EventFilter()
            filter.state = .skipped
            #expect(try desk.events(filter).events.map(\.outboxId) == [ids[0]])
            filter.aggregateType = "order"
            #expect(try desk.events(filter).events.isEmpty)
            (filter.aggregateType, filter.state) = ("letter", .published)
            #expect(try desk.events(filter, order: .oldestFirst).events.map(\.outboxId) == Array(ids[1...]))

            // A replay repeats what Kafka got: otherwise the same row would park its key once more.
            filter.state = nil
            #expect(try desk.previewReplay(filter).events.map(\.outboxId) == Array(ids[1...]))
            try outbox.desk().runReplay(try desk.beginReplay(filter, rowsPerSecond: 1_000, reason: "again").replayId)
            try connection.waits(for: "ended_at IS NOT NULL FROM outbox_relay.replay")
            try connection.waitsUntilDrained()
            #expect(try desk.parkedKeys().keys.isEmpty)
        }
        let records = try await onThread { try outbox.records("letter") }
        #expect(
            records.map { String(decoding: $0.value ?? [], as: UTF8.self) } == ["mended", "behind", "mended", "behind"])
        #expect(records.map { $0.headerText("a") } == ["1", nil, "1", nil])
    }

    /// A decision of a bulk action names one row of each key; all of them are known.
    @Test func everyRowOfABulkActionIsKnown() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let (connection, desk) = (try outbox.connect(), try outbox.desk())
            try outbox.desk().runBulk(
                try desk.beginBulk(.skip, ParkedFilter(), rows: .all, reason: "all of them").bulkId)
            try connection.waits(for: "ended_at IS NOT NULL FROM outbox_relay.bulk")
            var filter = EventFilter()
            filter.state = .skipped
            #expect(try desk.events(filter, order: .oldestFirst).events.map(\.outboxId) == ids)
            filter.state = .held
            #expect(try desk.events(filter).events.isEmpty)
        }
    }

    /// Decisions of the time before are taken over, as far as they tell.
    @Test func anUpgradeTakesOverWhatWasDecidedBefore() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.execute(
                """
                DROP TRIGGER amend ON outbox_relay.held; DROP TABLE outbox_relay.amended;
                DELETE FROM outbox_relay.schema_version WHERE version >= 8;
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'letter', 'a', s, 'letter_sent', 'x' FROM generate_series(0, 3) AS s;
                INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id, skipped)
                VALUES (4, 'letter', 'a', true);
                INSERT INTO outbox_relay.decision (action, outbox_id, reason, details)
                VALUES ('skip', 1, 'x', NULL),
                       ('edit', 2, 'x', '{"after": {"payload": "b2xk", "headers": null}}'),
                       ('edit', 2, 'x', '{"after": {"payload": "bmV3", "headers": {"a": "1"}}}'),
                       ('edit', 3, 'x', '{"bulk_id": 1, "rows": 1}'), ('release', 3, 'x', NULL)
                """)
            // A snapshot of the same transaction would not have its rows.
            try connection.execute("UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot()")
            #expect(throws: OutboxError.self) { _ = try outbox.desk() }
            #expect(try RelaySchemaUpgrade(connection, schema: "outbox_relay").apply().count == 1)
            let desk = try outbox.desk()
            let events = try (1...4).map { try #require(try desk.event($0)) }
            #expect(events.map(\.state) == [.skipped, .published, .published, .skipped])
            #expect(events.map(\.isEdited) == [false, true, false, false])
            #expect(events[1].payload.text == "new" && events[1].headers == ["a": "1"])
        }
    }

    /// A role that may change held rows, and nothing else, changes them as before.
    @Test func whoMayChangeHeldRowsNeedsNoOtherRight() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let connection = try outbox.connect()
            let role = "changer_\(UInt32.random(in: 0 ... .max))"
            try connection.execute(
                """
                CREATE ROLE \(role); GRANT USAGE ON SCHEMA outbox_relay TO \(role);
                GRANT SELECT, UPDATE ON outbox_relay.held TO \(role); SET ROLE \(role);
                UPDATE outbox_relay.held SET skipped = true WHERE outbox_id = \(ids[0]);
                RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)
                """)
            #expect(try outbox.desk().event(ids[0])?.state == .skipped)
            #expect(try connection.query("SELECT count(*) FROM outbox_relay.amended").int64(0, 0) == 1)
        }
    }
}
