import EventStore
import Orders
import Testing

@testable import Verify

/// The fast reader of events agrees with the event store's codec, or leaves the decision to it.
struct OrderEventReaderTests {
    private static let texts = [
        "", "a", "0190b0c0-7a40-7c3e-9d0a-000000000001", String(repeating: "x", count: 300), "Zoë",
    ]

    private static let prices: [Int64] = [0, 1, 4_999, Money.maximumCents]

    private static func events(_ random: inout SystemRandomNumberGenerator) throws -> [OrderEvent] {
        func text() -> String { texts.randomElement(using: &random) ?? "" }
        let price = try #require(Money(cents: prices.randomElement(using: &random) ?? 0))
        let details = OrderDetails(
            customerID: text(), vendorID: text(), productID: text(),
            quantity: [0, 1, 300, Int32.max].randomElement(using: &random) ?? 1, totalPrice: price,
            paymentMethod: text())
        return [
            .placed(details), .paymentInitiated, .paid, .paymentFailed(reason: text()), .cancelled(reason: text()),
            .shippingStatusUpdated(ShippingStatus.allCases.randomElement(using: &random) ?? .delivered),
        ]
    }

    private static let times: [Int64] = [0, 1, 999_999, 1_767_225_600_000_001]

    @Test func whatItReadsIsWhatTheCodecReads() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let time = Self.times.randomElement(using: &random) ?? 0
            for event in try Self.events(&random) {
                let (type, bytes) = try EventCodec.encode(event, orderID: Self.texts[2], at: time)
                let read = bytes.withUnsafeBytes { OrderEventReader.read(type, $0) }
                if "\(event)".allSatisfy(\.isASCII) { #expect(read == event, "\(bytes)") }
                if let read { #expect(read == event) }
            }
        }
    }

    /// One byte more, less or another: never another event than the codec's.
    @Test func damagedBytesAreNotReadAsSomethingElse() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            for event in try Self.events(&random) {
                var (type, bytes) = try EventCodec.encode(event, orderID: "a", at: 1_767_225_600_000_001)
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 2: bytes[place] = UInt8.random(in: 0...255, using: &random)
                default: bytes.removeLast(bytes.count - place)
                }
                guard let read = bytes.withUnsafeBytes({ OrderEventReader.read(type, $0) }) else { continue }
                #expect(try EventCodec.decode(type.rawValue, bytes) == read, "\(type) \(bytes)")
            }
        }
    }
}
