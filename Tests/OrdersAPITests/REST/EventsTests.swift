import EventStore
import HTTPTypes
import Logging
import Orders
import OrdersProto
import SwiftProtobuf
import Testing

@testable import OrdersAPI

struct EventsTests {
    let api = RESTFixture()

    @Test func theHistoryShowsEachEvent() async throws {
        let orderID = try await api.placePaid()
        let answer = try await api.send(.get, "/v1/orders/\(orderID)/events")
        #expect(answer.status == 200)
        #expect(answer.headers[.eTag] == "\"3\"")
        let object = try answer.object()
        let events = try #require(object["events"] as? [[String: Any]])
        #expect(events.map { $0["sequence_number"] as? Int } == [0, 1, 2])
        #expect(
            events.map { $0["event_type"] as? String } == ["order_placed", "order_payment_initiated", "order_paid"])
        #expect(events[0]["created_at"] as? String == "2024-01-01T10:00:00Z")
        let payload = try #require(events[0]["payload"] as? [String: Any])
        #expect(payload["customer_id"] as? String == "big-name")
        #expect(payload["total_price_cents"] as? Int == 9999)
        #expect(object["version"] as? Int == 3)
    }

    @Test func theHistoryIsReadInPages() async throws {
        let orderID = try await api.placePaid()
        let answer = try await api.send(.get, "/v1/orders/\(orderID)/events?from_sequence=1&page_size=1")
        let events = try #require(try answer.object()["events"] as? [[String: Any]])
        #expect(events.map { $0["sequence_number"] as? Int } == [1])
        for bad in ["page_size=0", "page_size=1001", "from_sequence=-1", "watch=yes", "watch=true&page_size=0"] {
            #expect(try await api.send(.get, "/v1/orders/\(orderID)/events?\(bad)").status == 400, "\(bad)")
        }
        #expect(try await api.send(.get, "/v1/orders/nobody/events").status == 404)
        #expect(try await api.send(.get, "/v1/orders/nobody/events?watch=true").status == 404)
    }

    @Test func aWatchOfAFinishedOrderShowsItAllAndEnds() async throws {
        let orderID = try await api.place()
        _ = try await api.send(.post, "/v1/orders/\(orderID)/cancel", #"{"reason":"r"}"#)
        let answer = try await api.send(.get, "/v1/orders/\(orderID)/events?watch=true")
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "text/event-stream")
        let pieces = answer.text.split(separator: "\n\n")
        #expect(pieces.count == 3)
        #expect(pieces[1].hasPrefix("id: 0\nevent: order_placed\ndata: {\"sequence_number\":0,"))
        #expect(pieces[2].hasPrefix("id: 1\nevent: order_cancelled\ndata: {"))
    }

    @Test func aClientThatComesBackGetsTheRest() async throws {
        let orderID = try await api.place()
        _ = try await api.send(.post, "/v1/orders/\(orderID)/cancel", #"{"reason":"r"}"#)
        let target = "/v1/orders/\(orderID)/events?watch=true"
        let rest = try await api.send(.get, target, headers: [.lastEventID: "0"])
        #expect(rest.text.contains("id: 1\n"))
        #expect(!rest.text.contains("id: 0\n"))
        let first = try await api.send(.get, target + "&page_size=1")
        #expect(first.text.contains("id: 0\n") && !first.text.contains("id: 1\n"))
        // There are no further events and there will be none: a browser stops reconnecting.
        #expect(try await api.send(.get, target, headers: [.lastEventID: "1"]).status == 204)
        #expect(try await api.send(.get, target, headers: [.lastEventID: "x"]).status == 400)
        #expect(try await api.send(.get, "/v1/orders/\(orderID)/events", headers: [.lastEventID: "x"]).status == 400)
    }

    @Test func aLiveWatchShowsWhatHappensAndEndsWithTheOrder() async throws {
        let orderID = try await api.place()
        let (items, continuation) = AsyncStream.makeStream(of: UInt32.self)
        let handlers = OrderHandlers(
            store: api.store, list: MemoryOrderList(store: api.store), changes: api.changes,
            logger: .init(label: "test"))
        async let watching: Void = handlers.watchOrder(.with { $0.orderID = orderID }) { item in
            if case .event(let event) = item { continuation.yield(event.sequenceNumber) }
        }
        var shown = items.makeAsyncIterator()
        #expect(await shown.next() == 0)
        _ = try await api.store.executing(.initiatePayment, on: orderID, options: .init()).await().get()
        api.changes.changed([orderID])
        #expect(await shown.next() == 1)
        _ = try await api.store.executing(.cancel(reason: "r"), on: orderID, options: .init()).await().get()
        api.changes.anyChanged()
        #expect(await shown.next() == 2)
        try await watching
        #expect(api.changes.count == 0)
    }
}
