import Postgres
import TestKit
import Testing

@testable import Operations

/// Lists of rows: every filter, and pages that lose nothing.
@Suite struct EventQueriesTests {
    @Test func pagesInBothDirectionsShowEveryRowOnce() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            for sequence in 0..<23 { try connection.append("order", "o\(sequence % 3)", Int64(sequence)) }
            let desk = try outbox.desk()
            for order in [EventOrder.newestFirst, .oldestFirst] {
                var (ids, cursor) = ([Int64](), Int64?.none)
                repeat {
                    let page = try desk.events(order: order, after: cursor, limit: 5)
                    #expect(page.events.count <= 5)
                    ids += page.events.map(\.outboxId)
                    cursor = page.next
                } while cursor != nil
                #expect(ids == (order == .newestFirst ? ids.sorted(by: >) : ids.sorted()))
                #expect(Set(ids).count == 23 && ids.count == 23)
            }
        }
    }

    @Test func filtersHoldTogether() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            for sequence in 0..<4 { try connection.append("order", "a", Int64(sequence)) }
            try connection.append("letter", "a", 0)
            let middle = try outbox.desk().moment("now")
            try connection.append("order", "b", 0)
            let desk = try outbox.desk()
            let list = { (change: (inout EventFilter) -> Void) in
                var filter = EventFilter()
                change(&filter)
                return try desk.events(filter, order: .oldestFirst).events.map {
                    "\($0.key) \($0.sequenceNumber ?? -1)"
                }
            }
            #expect(try list { $0.aggregateType = "letter" } == ["letter/a 0"])
            #expect(try list { ($0.aggregateType, $0.aggregateId) = ("order", "b") } == ["order/b 0"])
            #expect(try list { $0.eventType = "letter_sent" } == ["letter/a 0"])
            #expect(try list { $0.since = middle } == ["order/b 0"])
            #expect(try list { $0.until = middle }.count == 5)
            let ids = try connection.ids(of: "a")
            #expect(try list { ($0.fromId, $0.toId) = (ids[1], ids[2]) } == ["order/a 1", "order/a 2"])
            #expect(try list { $0.state = .unpublished }.count == 6)
            #expect(try list { $0.state = .published }.isEmpty)
        }
    }

    @Test func statesFollowTheRelay() async throws {
        let outbox = try await OperatedOutbox()
        let held = try await outbox.park("big")
        try await outbox.withRelay { connection in
            try connection.append("order", "a", 0)
            try connection.waitsUntilDrained()
        }
        try await onThread {
            let connection = try outbox.connect()
            try connection.append("order", "a", 1)
            let desk = try outbox.desk()
            _ = try desk.skip([held[1]], reason: "test")
            let states = try desk.events(order: .oldestFirst).events.map(\.state)
            #expect(states == [.held, .skipped, .held, .published, .unpublished])
            for state in [RowState.held, .skipped, .published, .unpublished] {
                var filter = EventFilter()
                filter.state = state
                let found = try desk.events(filter, order: .oldestFirst).events
                #expect(found.map(\.state) == states.filter { $0 == state }, "\(state)")
            }
        }
    }

    /// A name is data: it is not turned into another spelling.
    @Test func headersKeepTheirNames() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.append("order", "a", 0, headers: #"'{"traceParent": "x", "n": 1}'"#)
            let event = try #require(try outbox.desk().events().events.first)
            #expect(event.headers == ["traceParent": "x", "n": "1.0"])
            #expect(try OperatorJSON.text(event).contains("\"traceParent\":\"x\""))
        }
    }

    @Test func payloadsCanBeHidden() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            try outbox.connect().append("order", "a", 0, payload: "'a secret'", headers: #"'{"k": "a secret"}'"#)
            let desk = try outbox.desk(hidesPayloads: true)
            let page = try desk.events()
            #expect(page.events.first?.payload.form == .hidden)
            #expect(try !OperatorJSON.text(page).contains("a secret"))
            let life = try #require(try desk.life(of: page.events[0].outboxId))
            #expect(try !OperatorJSON.text(life).contains("a secret"))
        }
    }

    /// Rows whose column the view cannot convert are those that operators look for.
    @Test func aRowThatCannotBeReadIsListed() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.append("order", "bad", 0)
            try connection.execute(
                """
                CREATE OR REPLACE VIEW outbox_relay.source AS
                    SELECT outbox_id, transaction_id, event_id, aggregate_type, aggregate_id, sequence_number,
                           event_type,
                           CASE WHEN aggregate_id = 'bad' THEN decode(aggregate_id, 'hex') ELSE payload END AS payload,
                           headers,
                           created_at
                    FROM outbox
                """)
            let event = try #require(try outbox.desk().events().events.first)
            #expect(event.aggregateId == "bad" && event.payload.form == .unreadable)
        }
    }

    /// A list by time begins there: it does not read all that is newer or older.
    @Test func theFirstRowOfATimeIsFound() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload, created_at)
                SELECT 'order', 'a', s, 'happened', '', '2026-01-01 00:00+00'::timestamptz + s * interval '1 minute'
                FROM generate_series(0, 2999) s
                """)
            let desk = try outbox.desk()
            let first = try #require(try connection.ids(of: "a").first)
            let found = try desk.reading { try desk.firstId(since: desk.moment("2026-01-02 00:00+00")) }
            // Five minutes of slack.
            #expect(found == first + 1_440 - 5)
            #expect(try desk.reading { try desk.firstId(since: desk.moment("2027-01-01")) } == nil)
            var filter = EventFilter()
            filter.since = try desk.moment("2026-01-02 00:00+00")
            filter.until = try desk.moment("2026-01-02 00:03+00")
            let page = try desk.events(filter)
            #expect(page.events.map { $0.sequenceNumber } == [1_442, 1_441, 1_440])
            #expect(page.scanned < 30)
        }
    }

    @Test func aTailShowsRowsThatCommitLate() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.append("order", "old", 0)
            var tail = try EventTail(outbox.desk(), EventFilter(), lateSeconds: 60)
            #expect(try tail.before(10).map(\.aggregateId) == ["old"])
            let late = try outbox.connect()
            try late.execute("BEGIN")
            try late.append("order", "late", 0)
            try connection.append("order", "new", 0)
            #expect(try tail.next().map(\.aggregateId) == ["new"])
            #expect(try tail.next().isEmpty)
            try late.execute("COMMIT")
            #expect(try tail.next().map(\.aggregateId) == ["late"])
            #expect(try tail.next().isEmpty)
        }
    }

    /// A page stays small, whatever its rows carry; one row is shown with all it has.
    @Test func longHeadersAreShownOfOneRowAlone() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let (connection, desk) = (try outbox.connect(), try outbox.desk())
            let long = "jsonb_build_object('h', repeat('x', \(OperationsLimits.listedHeaderBytes)))"
            try connection.append("order", "a", 0, headers: long)
            try connection.append("order", "b", 0, headers: #"'{"h": "1"}'"#)
            try connection.append("order", "c", 0)
            let listed = try desk.events(order: .oldestFirst).events
            #expect(listed.map(\.headers) == [nil, ["h": "1"], [:]])
            let one = try #require(try desk.event(listed[0].outboxId))
            #expect(one.headers?["h"]?.utf8.count == OperationsLimits.listedHeaderBytes)
        }
    }

    /// Numbers and times from a request, at the ends of their ranges: computing with them once overflowed.
    @Test func extremesAreNoRows() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let desk = try outbox.desk()
            try outbox.connect().append("order", "a", 0)
            for order in EventOrder.allCases {
                #expect(try desk.events(order: order, after: order == .oldestFirst ? .max : .min).events.isEmpty)
            }
            for text in ["infinity", "-infinity", "294276-01-01"] {
                #expect(throws: OperatorError.self) { try desk.moment(text) }
            }
            #expect(try desk.moment("9999-12-31").microseconds > 0)
        }
    }
}
