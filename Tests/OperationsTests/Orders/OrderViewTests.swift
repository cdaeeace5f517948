import EventStore
import Orders
import Postgres
import TestKit
import Testing

@testable import Operations

/// One order as events, read model and outbox show it.
@Suite struct OrderViewTests {
    @Test func stateRowAndMessagesAreComparedAtAnyVersion() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try Self.record(connection, [.placed(try Self.details()), .paymentInitiated, .paid])
            try Self.project(connection, version: 2, payment: 3, shipping: 2)
            let desk = try outbox.desk()
            let order = try #require(try desk.order("o-1"))
            #expect(order.events.map(\.eventType) == ["order_placed", "order_payment_initiated", "order_paid"])
            #expect(order.state?.paymentStatus == "paid" && order.state?.shippingStatus == "waiting_for_shipment")
            #expect(order.differences.isEmpty && order.behind == 0, "\(order.differences)")
            #expect(order.messages.map(\.sequenceNumber) == [0, 1, 2])
            #expect(order.events.map(\.state?.paymentStatus) == ["pending", "initiated", "paid"])
            let earlier = try #require(try desk.order("o-1", version: 2))
            #expect(earlier.state?.paymentStatus == "initiated" && earlier.version == 2 && earlier.newestVersion == 3)
            #expect(try desk.order("nobody") == nil)
        }
    }

    @Test func aRowThatDiffersIsTold() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try Self.record(connection, [.placed(try Self.details()), .paymentInitiated, .paid])
            #expect(try outbox.desk().order("o-1")?.differences == ["the read model has no row of this order"])
            try Self.project(connection, version: 1, payment: 3, shipping: 1)
            let order = try #require(try outbox.desk().order("o-1"))
            #expect(order.behind == 1)
            #expect(
                order.differences == ["payment_status is 'paid' in the read model and 'initiated' by the events"])
        }
    }

    private static func details() throws -> OrderDetails {
        OrderDetails(
            customerID: "ada", vendorID: "acme", productID: "lamp", quantity: 2,
            totalPrice: try #require(Money(cents: 3_990)), paymentMethod: "CARD")
    }

    /// As the event store does: event and row in one statement.
    private static func record(_ connection: PostgresConnection, _ events: [OrderEvent]) throws {
        for (sequence, event) in events.enumerated() {
            let (type, bytes) = try EventCodec.encode(event, orderID: "o-1", at: 1_700_000_000_000_000)
            try connection.query(
                """
                WITH appended AS (
                    INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
                    VALUES (gen_random_uuid(), 'o-1', $1, 'order', $2, $3) RETURNING *)
                INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data FROM appended
                """, [.int8(Int64(sequence)), .text(type.rawValue), .bytea(bytes)])
        }
    }

    private static func project(
        _ connection: PostgresConnection, version: Int, payment: Int, shipping: Int
    ) throws {
        try connection.execute(
            """
            INSERT INTO order_projection (order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity,
                total_price_cents, payment_method, payment_status, shipping_status, created_at, updated_at)
            VALUES ('o-1', \(version), 'ada', 'acme', 'lamp', 2, 3990, 'CARD', \(payment), \(shipping), now(), now())
            """)
    }
}
