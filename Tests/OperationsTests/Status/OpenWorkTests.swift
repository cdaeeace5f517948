import Postgres
import TestKit
import Testing

@testable import Operations

/// A status tells the work that is not over.
@Suite struct OpenWorkTests {
    @Test func replaysBulkActionsAndRebuildsAreToldWithTheirProgress() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            let desk = try outbox.desk()
            #expect(try desk.status().work.isEmpty)
            try connection.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', 'a', s, 'order_placed', 'x' FROM generate_series(0, 99) AS s;
                UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot();
                INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error)
                SELECT 'letter', 'k' || k, k, 'x' FROM generate_series(1, 4) AS k
                """)
            var filter = EventFilter()
            (filter.aggregateType, filter.aggregateId) = ("order", "a")
            _ = try desk.beginReplay(filter, rowsPerSecond: 1, reason: "the index was lost")
            _ = try desk.beginBulk(.skip, ParkedFilter(), reason: "too large")
            _ = try desk.beginRebuild(ordersPerSecond: 100, reason: "edited by hand")
            try connection.execute(
                """
                UPDATE outbox_relay.replay SET done_through = from_id + 39, copied = 40;
                UPDATE outbox_relay.bulk SET keys = 1, passed_over = 1;
                """)
            let work = try desk.status().work
            #expect(
                work.map(\.summary) == [
                    "replay 1 of order/a is interrupted: 40 rows copied, 40 %",
                    "bulk action 1 (skip) is interrupted: 2 keys done, 50 %",
                    "rebuild 1 of the read model waits for a projector: 0 orders read",
                ])
            #expect(work.map(\.kind) == [.replay, .bulk, .rebuild] && work.map(\.progress) == [0.4, 0.5, nil])
            #expect(work.allSatisfy { $0.caller == "ada" && $0.number == 1 })
            #expect(work.first?.reason == "the index was lost")
            #expect(try work.first?.askedAt == desk.replay(1)?.askedAt)
        }
    }

    @Test func whoIsAtWorkIsTold() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let (connection, desk) = (try outbox.connect(), try outbox.desk())
            try connection.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', 'a', s, 'order_placed', 'x' FROM generate_series(0, 99) AS s
                """)
            try connection.execute("UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot()")
            _ = try desk.beginReplay(EventFilter(), rowsPerSecond: 1, reason: "x")
            _ = try desk.beginRebuild(ordersPerSecond: 100, reason: "x")
            try connection.execute(
                """
                UPDATE order_projection_rebuild SET started_at = now(), worked_at = now(), orders = 250,
                    total_orders = 1000
                """)
            try outbox.desk().runReplay(1)
            try connection.waits(for: "copied >= 1 FROM outbox_relay.replay")
            #expect(try desk.status().work.map(\.state) == [.running, .running])
            #expect(try desk.status().work.last?.progress == 0.25)
            _ = try desk.stopReplay(1, reason: "x")
            try connection.execute(
                "UPDATE order_projection_rebuild SET worked_at = now() - interval '1 minute', ended_at = NULL")
            try connection.waits(for: "ended_at IS NOT NULL FROM outbox_relay.replay")
            #expect(try desk.status().work.map(\.state) == [.interrupted])
            _ = try desk.stopRebuild(1, reason: "x")
            #expect(try desk.status().work.map(\.state) == [.stopping])
        }
    }

    /// A role that only watches, and an adopted outbox, have no table of rebuilds to read.
    @Test func whatMayNotBeReadIsLeftOut() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            _ = try outbox.desk().beginRebuild(ordersPerSecond: 1, reason: "x")
            let connection = try outbox.connect()
            let role = "watcher_\(UInt32.random(in: 0 ... .max))"
            try connection.execute(
                """
                CREATE ROLE \(role); GRANT USAGE ON SCHEMA outbox_relay TO \(role);
                GRANT SELECT ON ALL TABLES IN SCHEMA outbox_relay TO \(role);
                REVOKE ALL ON outbox_relay.bulk FROM \(role); SET ROLE \(role)
                """)
            let watcher = try OperatorDesk(connection)
            #expect(watcher.facts.visibleWork == [.replay])
            #expect(try watcher.status().work.isEmpty)
            try connection.execute("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }
}
