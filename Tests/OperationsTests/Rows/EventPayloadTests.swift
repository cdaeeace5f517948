import EventStore
import Orders
import Testing

@testable import Operations

@Suite struct EventPayloadTests {
    @Test func anEventOfAnOrderIsDecoded() throws {
        let price = try #require(Money(cents: 3_990))
        let details = OrderDetails(
            customerID: "ada", vendorID: "acme", productID: "lamp", quantity: 2, totalPrice: price,
            paymentMethod: "CARD")
        let (type, bytes) = try EventCodec.encode(.placed(details), orderID: "4711", at: 1_700_000_000_000_000)
        let payload = EventPayload(bytes, length: bytes.count, aggregateType: "order", eventType: type.rawValue)
        #expect(payload.form == .protobuf)
        let text = try #require(payload.text)
        #expect(text.contains("\"customer_id\":\"ada\"") && text.contains("\"total_price_cents\":\"3990\""), "\(text)")
        // The same bytes under another name are no event of an order.
        let foreign = EventPayload(bytes, length: bytes.count, aggregateType: "parcel", eventType: type.rawValue)
        #expect(foreign.form != .protobuf)
    }

    @Test(arguments: [
        (#"{"a": [1, "b"]}"#, EventPayload.Form.json), ("plain text", .text), ("tab\tand\nline", .text), ("12", .json),
        ("\u{1B}[31m", .hex), ("", .text), ("käse", .text),
    ])
    func textIsToldFromBytes(_ text: String, _ form: EventPayload.Form) {
        let payload = EventPayload(Array(text.utf8), length: text.utf8.count, aggregateType: "x", eventType: nil)
        #expect(payload.form == form)
        if form != .hex { #expect(payload.text == text) }
    }

    @Test func bytesAreHexadecimal() {
        #expect(EventPayload([0, 255, 16], length: 3, aggregateType: "x", eventType: nil).text == "00ff10")
        #expect(EventPayload(nil, length: nil, aggregateType: "x", eventType: nil).form == .null)
    }

    /// A text that is cut in the middle of a character is still a text.
    @Test func aCutTextStaysReadable() {
        let payload = EventPayload(
            Array(Array("aé".utf8).dropLast()), length: 3, aggregateType: "x", eventType: nil)
        #expect(payload.form == .text && payload.text == "a" && payload.isCut)
    }
}
