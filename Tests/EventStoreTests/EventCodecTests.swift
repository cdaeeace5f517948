import EventStore
import Orders
import OrdersProto
import SwiftProtobuf
import Testing

struct EventCodecTests {
    static let events: [OrderEvent] = [
        .placed(Fixture.details), .paymentInitiated, .paid, .paymentFailed(reason: "no funds"),
        .cancelled(reason: "why"),
        .shippingStatusUpdated(.inTransit), .shippingStatusUpdated(.delivered),
    ]

    @Test(arguments: events)
    func everyEventSurvives(event: OrderEvent) throws {
        let (type, bytes) = try EventCodec.encode(event, orderID: "order", at: 1_700_000_000_123_456)
        let decoded = try EventCodec.decode(type.rawValue, bytes)
        #expect(decoded == event)
    }

    @Test func theBytesAreThoseOfTheContract() throws {
        let (type, bytes) = try EventCodec.encode(.placed(Fixture.details), orderID: "order", at: 1_700_000_000_123_456)
        let message = try Orders_V1_OrderPlaced(serializedBytes: bytes)
        #expect(type.rawValue == "order_placed")
        #expect(message.orderID == "order")
        #expect(message.occurredAt.seconds == 1_700_000_000)
        #expect(message.occurredAt.nanos == 123_456_000)
        #expect(message.totalPriceCents == 9_999)
        #expect(message.quantity == 5)
        #expect(message.customerID == "customer")
        #expect(message.vendorID == "vendor")
        #expect(message.productID == "product")
        #expect(message.paymentMethod == "CREDIT_CARD")
    }

    @Test func timesBefore1970AreValidTimestamps() throws {
        let (_, bytes) = try EventCodec.encode(.paid, orderID: "order", at: -1)
        let message = try Orders_V1_OrderPaid(serializedBytes: bytes)
        #expect(message.occurredAt.seconds == -1)
        #expect(message.occurredAt.nanos == 999_999_000)
    }

    @Test func whatIsNoEventIsAnErrorAndNoCrash() {
        #expect(throws: EventStoreError.self) { try EventCodec.decode("order_teleported", []) }
        #expect(throws: EventStoreError.self) { try EventCodec.decode("order_placed", [0xFF, 0xFF, 0xFF]) }
        // An unspecified status, and a price out of range.
        #expect(throws: EventStoreError.self) { try EventCodec.decode("order_shipping_status_updated", []) }
        let priced = Orders_V1_OrderPlaced.with { $0.totalPriceCents = -1 }
        #expect(throws: EventStoreError.self) { try EventCodec.decode("order_placed", priced.serializedBytes()) }
    }

    @Test func theDescriptorsNameBothServices() throws {
        let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: OrderDescriptors.fileDescriptorSet)
        let services = set.file.flatMap { file in file.service.map { file.package + "." + $0.name } }
        #expect(services == ["orders.v1.OrderService", "events.v1.OrderService"])
        let known = Set(set.file.map(\.name))
        for file in set.file { #expect(known.isSuperset(of: file.dependency)) }
    }
}
