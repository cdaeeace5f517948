import Consumers
import EventStore
import Orders
import Postgres
import TestKit
import Threads

@testable import Projection

/// 2026-01-01T00:00:00Z in microseconds since 1970.
let newYear: Int64 = 1_767_225_600_000_000

func details(_ customer: String = "customer", price: Int64 = 9_999, method: String = "CREDIT_CARD") -> OrderDetails {
    OrderDetails(
        customerID: customer, vendorID: "vendor", productID: "product", quantity: 5, totalPrice: Money(cents: price)!,
        paymentMethod: method)
}

/// The usual life of an order, as far as wanted.
let life: [OrderEvent] = [
    .placed(details()), .paymentInitiated, .paid, .shippingStatusUpdated(.inTransit),
    .shippingStatusUpdated(.delivered),
]

/// The time that the samples give to an order's event.
func time(_ sequence: Int64) -> Int64 { newYear + sequence * 1_000_000 }

func message(
    _ orderID: String, _ sequence: Int64, _ event: OrderEvent, partition: Int32 = 0, offset: Int64 = 0
) throws -> ConsumedMessage {
    let (type, bytes) = try EventCodec.encode(event, orderID: orderID, at: time(sequence))
    return ConsumedMessage(
        partition: partition, offset: offset, orderID: orderID, sequenceNumber: sequence, eventType: type.rawValue,
        payload: bytes[...])
}

/// The messages of one order's history, at consecutive offsets.
func messages(
    _ orderID: String, _ events: [OrderEvent], from sequence: Int64 = 0, partition: Int32 = 0, offset: Int64 = 0
) throws -> [ConsumedMessage] {
    try events.enumerated().map { index, event in
        try message(
            orderID, sequence + Int64(index), event, partition: partition, offset: offset + Int64(index))
    }
}

func garbage(_ orderID: String?, partition: Int32 = 0, offset: Int64 = 0) -> ConsumedMessage {
    ConsumedMessage(
        partition: partition, offset: offset, orderID: orderID, sequenceNumber: 0, eventType: "order_placed",
        payload: Array("garbage".utf8)[...])
}

/// What the projection must hold after these events.
func projected(_ orderID: String, _ events: [OrderEvent]) -> ProjectedOrder {
    let last = Int64(events.count - 1)
    return ProjectedOrder(
        orderID: orderID, lastSequenceNumber: last, state: events.fold()!, createdAt: time(0),
        updatedAt: time(last))
}
