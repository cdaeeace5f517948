import Postgres
import TestKit
import Testing

@testable import Operations

/// The list of parked keys, page by page, and the bound of what one page looks at.
@Suite struct ParkedKeysTests {
    /// Parked keys `k1` to `kN`, of which every third has the event type `rare` and an error of its own.
    private static func park(_ keys: Int) async throws -> OperatedOutbox {
        let outbox = try await OperatedOutbox()
        try await onThread {
            try outbox.connect().execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'letter', 'k' || k, 0, CASE WHEN k % 3 = 0 THEN 'rare' ELSE 'usual' END, 'x'
                FROM generate_series(1, \(keys)) AS k;
                INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id)
                SELECT outbox_id, aggregate_type, aggregate_id FROM outbox;
                INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error, parked_at)
                SELECT aggregate_type, aggregate_id, outbox_id,
                       CASE event_type WHEN 'rare' THEN 'INVALID_RECORD' ELSE 'MSG_SIZE_TOO_LARGE' END,
                       timestamptz '2026-01-01' + outbox_id * interval '1 s' FROM outbox;
                UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot();
                ANALYZE
                """)
        }
        return outbox
    }

    /// All pages of a filter, and how many there were.
    private static func walk(_ desk: OperatorDesk, _ filter: ParkedFilter, limit: Int = 500) throws -> (
        ids: [String], pages: Int
    ) {
        var (ids, pages, next) = ([String](), 0, ParkedCursor?.none)
        repeat {
            let page = try desk.parkedKeys(filter, after: next, limit: limit)
            #expect(page.scanned <= OperationsLimits.keysScanned && page.keys.count <= limit)
            ids += page.keys.map(\.aggregateId)
            pages += 1
            next = try page.next.map { try #require(ParkedCursor($0)) }
        } while next != nil
        return (ids, pages)
    }

    @Test func pagesFollowEachOther() async throws {
        let outbox = try await Self.park(25)
        try await onThread {
            let desk = try outbox.desk()
            let all = (1...25).map { "k\($0)" }
            #expect(try Self.walk(desk, ParkedFilter(), limit: 10).ids == all)
            var filter = ParkedFilter()
            filter.errorContains = "invalid"
            #expect(try Self.walk(desk, filter, limit: 3).ids == all.filter { Int($0.dropFirst())!.isMultiple(of: 3) })
            (filter.parkedSince, filter.parkedBefore) = (
                try desk.moment("2026-01-01 00:00:07+00"), try desk.moment("2026-01-01 00:00:13+00")
            )
            #expect(try Self.walk(desk, filter).ids == ["k9", "k12"])
            #expect(
                try desk.parkedKeys(ParkedFilter(aggregateType: "letter", aggregateId: "k7")).keys.map(\.outboxId).count
                    == 1)
        }
    }

    /// Whatever a filter asks for, one page looks at a bounded number of keys and says where to go on.
    @Test func aFilterThatFewKeysMatchLooksAtABoundedNumber() async throws {
        let keys = OperationsLimits.keysScanned + 10
        let outbox = try await Self.park(keys)
        try await onThread {
            let desk = try outbox.desk()
            let last = "k\(keys)"
            var (byName, byEvent, byTopic) = (ParkedFilter(), ParkedFilter(), ParkedFilter())
            byName.aggregateId = last
            byEvent.eventType = "none"
            (byTopic.topic, byTopic.topics) = ("outbox.letter.rare", "outbox.{aggregate_type}.{event_type}")
            #expect(try Self.walk(desk, byName) == ([last], 2))
            let first = try desk.parkedKeys(byEvent)
            #expect(first.keys.isEmpty && first.scanned == OperationsLimits.keysLookedInto && first.next != nil)
            #expect(try Self.walk(desk, byEvent) == ([], keys / OperationsLimits.keysLookedInto + 1))
            #expect(try Self.walk(desk, byTopic).ids.count == keys / 3)
            // A preview says that it has not looked at all of them; the action counts all.
            let preview = try desk.previewRelease(byName)
            #expect(preview.keys == 0 && preview.isMore && preview.summary.contains("the action looks at all of them"))
            #expect(try desk.previewBulk(.skip, byTopic, rows: .refused).isMore)
            #expect(try desk.beginBulk(.skip, byTopic, reason: "x").totalKeys == keys / 3)
            #expect(try desk.beginBulk(.skip, byName, reason: "x").totalKeys == 1)
            #expect(try desk.previewRelease(ParkedFilter()).rows == keys)
            var held = EventFilter()
            (held.state, held.eventType) = (.held, "none")
            #expect(try desk.events(held).scanned == OperationsLimits.keysLookedInto)
        }
    }

    /// The keys of a release are compared with its decisions by hashing: key by key, five thousand take seconds.
    @Test func theProgressOfALargeReleaseIsTold() async throws {
        let keys = OperationsLimits.keysScanned
        let outbox = try await Self.park(keys)
        try await onThread {
            let (connection, desk) = (try outbox.connect(), try outbox.desk())
            let bulk = try desk.beginBulk(.release, ParkedFilter(), reason: "x")
            try connection.execute(
                """
                INSERT INTO outbox_relay.decision (action, aggregate_type, aggregate_id, outbox_id, reason, details)
                SELECT 'release', aggregate_type, aggregate_id, outbox_id, 'x', '{"bulk_id": 1}'
                FROM outbox_relay.parked;
                UPDATE outbox_relay.bulk SET keys = \(keys), first_decision = 1, last_decision = \(keys + 1);
                UPDATE outbox_relay.parked SET release_asked_at = now() WHERE outbox_id <= 10
                """)
            let progress = try desk.progress(of: try #require(try desk.bulk(bulk.bulkId)))
            #expect(try desk.status().parked.releasing == 10)
            #expect(progress.asked == keys && progress.waiting == 10 && progress.refused == keys - 10)
        }
    }

    @Test(arguments: [("order", "4711"), ("a/b", "it's 100 %"), ("", "\u{1F600}/..")])
    func aCursorIsReadAsItWasWritten(_ type: String, _ id: String) throws {
        let cursor = ParkedCursor(
            parkedAt: Moment(microseconds: 1_767_225_600_123_456), aggregateType: type, aggregateId: id)
        #expect(ParkedCursor(cursor.text) == cursor)
        #expect(cursor.text.allSatisfy { $0.isASCII && !" '\"".contains($0) })
    }

    @Test(arguments: [
        "", "x", "2026-01-01T00:00:00.000000Z/a", "2026-01-01T00:00:00.000000Z/a/%zz", "now/a/b",
        "2026-01-01T00:00:00.000000Z/a/b/c",
    ])
    func anythingElseIsNoCursor(_ text: String) {
        #expect(ParkedCursor(text) == nil)
    }
}
