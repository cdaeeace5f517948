import Kafka
import Postgres
import TestKit
import Testing

@testable import Operations

/// Decisions about all keys that match a filter, made by the server.
@Suite struct BulkTests {
    /// The server goes on when the connection that began it is closed at once.
    private static func run(_ outbox: OperatedOutbox, _ bulk: Bulk) throws {
        let connection = try outbox.connect()
        defer { connection.close() }
        try OperatorDesk(connection, caller: "ada").runBulk(bulk.bulkId)
    }

    private static func done(_ outbox: OperatedOutbox, _ bulk: Bulk) throws -> Bulk {
        try outbox.connect().waits(for: "ended_at IS NOT NULL FROM outbox_relay.bulk WHERE bulk_id = \(bulk.bulkId)")
        return try #require(try outbox.desk().bulk(bulk.bulkId))
    }

    /// Parked keys that no relay has seen: one row was refused, others wait behind it.
    private static func park(_ connection: PostgresConnection, _ keys: Int, type: String = "letter") throws {
        try connection.execute(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
            SELECT '\(type)', 'k' || k, s, '\(type)_sent', 'x', '{"tenant": "us"}'
            FROM generate_series(1, \(keys)) AS k, generate_series(0, 2) AS s ORDER BY s;
            INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id)
            SELECT outbox_id, aggregate_type, aggregate_id FROM outbox WHERE aggregate_type = '\(type)'
            ORDER BY outbox_id;
            INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error)
            SELECT aggregate_type, aggregate_id, outbox_id, 'MSG_SIZE_TOO_LARGE' FROM outbox
            WHERE aggregate_type = '\(type)' AND sequence_number = 0;
            UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot();
            """)
    }

    private static func number(_ connection: PostgresConnection, _ sql: String) throws -> Int64 {
        try connection.query(PostgresStatement("SELECT (\(sql))::bigint")).int64(0, 0)
    }

    @Test func manyKeysAreReleasedByAFilter() async throws {
        let outbox = try await OperatedOutbox()
        for id in ["a", "b", "c"] { _ = try await outbox.park(id, rows: 2) }
        let bulk = try await onThread {
            let connection = try outbox.connect()
            let desk = try outbox.desk()
            try connection.execute(
                "UPDATE outbox_relay.parked SET error = 'of another kind' WHERE aggregate_id = 'c'")
            for id in try connection.ids(of: "a").prefix(1) + connection.ids(of: "b").prefix(1) {
                _ = try desk.edit(id, payload: [120], headers: nil, reason: "shorter")
            }
            var filter = ParkedFilter()
            filter.errorContains = "msg_size"
            #expect(try desk.parkedKeys(filter).keys.map(\.aggregateId) == ["a", "b"])
            #expect(try desk.previewBulk(.release, filter, rows: .all).keys == 2)
            let bulk = try desk.beginBulk(.release, filter, reason: "shorter")
            #expect(bulk.totalKeys == 2 && bulk.keys == 0 && !bulk.isRunning && bulk.filter.errorContains == "msg_size")
            try Self.run(outbox, bulk)
            return try Self.done(outbox, bulk)
        }
        #expect(bulk.keys == 2 && bulk.passedOver == 0 && bulk.stopAskedAt == nil)
        try await outbox.withRelay { connection in
            try connection.waits(for: "(SELECT count(*) FROM outbox_relay.parked) = 1")
            let progress = try outbox.desk().progress(of: bulk)
            #expect(progress.isOver && progress.released == 2 && progress.refused == 0)
            #expect(try outbox.desk().parkedKeys().keys.map(\.aggregateId) == ["c"])
        }
        let reasons = try await onThread {
            try outbox.desk().decisions().filter { $0.action == "release" && $0.aggregateId != nil }
        }
        #expect(reasons.count == 2 && reasons.allSatisfy { $0.reason == "shorter" && $0.caller == "ada" })
    }

    /// The relay is asked for some hundred keys at a time: the others stay parked when the release is stopped.
    @Test func aReleaseThatIsStoppedLeavesTheRestParked() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try Self.park(connection, 450)
            let desk = try outbox.desk()
            let bulk = try desk.beginBulk(.release, ParkedFilter(), reason: "all")
            try Self.run(outbox, bulk)
            try connection.waits(for: "keys = 300 FROM outbox_relay.bulk")
            #expect(try desk.bulk(bulk.bulkId)?.isRunning == true)
            _ = try desk.stopBulk(bulk.bulkId, reason: "x")
            let stopped = try Self.done(outbox, bulk)
            #expect(stopped.keys == 300 && stopped.stopAskedAt != nil)
            let parked = "SELECT count(*) FROM outbox_relay.parked WHERE release_asked_at IS NULL"
            #expect(try Self.number(connection, parked) == 150)
            #expect(throws: OperatorError.self) { _ = try desk.stopBulk(bulk.bulkId, reason: "x") }
        }
    }

    @Test func theRefusedRowsOrAllRowsAreSkipped() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try Self.park(connection, 130)
            try Self.park(connection, 3, type: "parcel")
            let desk = try outbox.desk()
            _ = try desk.release(ParkedFilter(aggregateType: "letter", aggregateId: "k7"), reason: "before")
            var filter = ParkedFilter()
            filter.aggregateType = "letter"
            let preview = try desk.previewBulk(.skip, filter, rows: .refused)
            #expect(preview.keys == 130 && preview.rows == 130 && preview.events.count == 100)
            var bulk = try desk.beginBulk(.skip, filter, reason: "corrupt")
            try Self.run(outbox, bulk)
            bulk = try Self.done(outbox, bulk)
            #expect(bulk.keys == 129 && bulk.rows == 129 && bulk.passedOver == 1)
            #expect(bulk.fault == "the key is being released")
            let wrong = "SELECT count(*) FROM outbox_relay.held h JOIN outbox USING (outbox_id) WHERE skipped "
            let others = wrong + "AND (sequence_number > 0 OR h.aggregate_type <> 'letter')"
            #expect(try Self.number(connection, others) == 0)
            #expect(try Self.number(connection, wrong) == 129)
            #expect(
                try Self.number(
                    connection,
                    "SELECT count(*) FROM outbox_relay.decision WHERE action = 'skip' AND outbox_id IS NOT NULL "
                        + "AND caller = 'ada'"
                )
                    == 129)
            filter.eventType = "parcel_sent"
            filter.aggregateType = nil
            #expect(try desk.previewBulk(.skip, filter, rows: .all).rows == 9)
            bulk = try desk.beginBulk(.skip, filter, rows: .all, reason: "corrupt")
            try Self.run(outbox, bulk)
            #expect(try Self.done(outbox, bulk).rows == 9)
        }
    }

    @Test func headersAreSetAndRemoved() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try Self.park(connection, 2)
            let desk = try outbox.desk()
            let edited = try #require(try connection.ids(of: "k1").first)
            _ = try desk.edit(edited, payload: Array("mended".utf8), headers: ["a": "1"], reason: "before")
            var filter = ParkedFilter()
            (filter.topic, filter.topics) = ("outbox.letter.us", "outbox.{aggregate_type}.{header.tenant}")
            #expect(try desk.parkedKeys(filter).keys.map(\.aggregateId) == ["k2"])
            (filter.topic, filter.topics) = (nil, nil)
            let action = Bulk.Action.edit(set: ["b": "it's \"2\""], remove: ["a", "tenant"])
            let bulk = try desk.beginBulk(action, filter, rows: .all, reason: "headers")
            try Self.run(outbox, bulk)
            let done = try Self.done(outbox, bulk)
            #expect(done.keys == 2 && done.rows == 6 && done.action == "edit" && done.rowsMeant == .all)
            for id in try connection.ids(of: "k1") + connection.ids(of: "k2") {
                let event = try #require(try desk.event(id))
                #expect(event.isEdited && event.headers == ["b": "it's \"2\""])
                #expect(event.payload.text == (id == edited ? "mended" : "x"))
            }
            let details = try #require(try desk.decisions().first?.details)
            #expect(details.contains("set_headers") && details.contains("bulk_id"))
        }
    }

    /// A row on which the relay's view fails concerns its own key.
    @Test func aKeyThatCannotBeChangedIsPassedOver() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try Self.park(connection, 3)
            try connection.execute(
                """
                CREATE OR REPLACE VIEW outbox_relay.source AS
                SELECT outbox_id, transaction_id, event_id, aggregate_type, aggregate_id, sequence_number, event_type,
                       CASE WHEN aggregate_id = 'k2' THEN decode(aggregate_id, 'hex') ELSE payload END AS payload,
                       headers, created_at
                FROM outbox
                """)
            let bulk = try outbox.desk().beginBulk(.edit(set: ["b": "2"], remove: []), ParkedFilter(), reason: "x")
            try Self.run(outbox, bulk)
            let done = try Self.done(outbox, bulk)
            #expect(done.keys == 2 && done.passedOver == 1 && done.fault?.contains("hexadecimal") == true)
        }
    }

    @Test func whatCannotBeDoneIsRefused() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let desk = try outbox.desk()
            #expect(throws: OperatorError.self) { _ = try desk.beginBulk(.skip, ParkedFilter(), reason: " ") }
            #expect(throws: OperatorError.self) {
                _ = try desk.beginBulk(.edit(set: [:], remove: []), ParkedFilter(), reason: "x")
            }
            #expect(throws: OperatorError.self) {
                _ = try desk.beginBulk(.edit(set: ["a": "1"], remove: ["a"]), ParkedFilter(), reason: "x")
            }
            var filter = ParkedFilter()
            filter.topic = "a"
            #expect(throws: OperatorError.self) { _ = try desk.beginBulk(.release, filter, reason: "x") }
            #expect(try desk.bulks().isEmpty)
        }
    }
}
