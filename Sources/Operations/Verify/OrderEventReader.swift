import EventStore
import Orders

/// Reads events as the event store writes them, straight from a column's bytes: a tenth of the time of a decoder for
/// any message, and an audit decodes every event.
///
/// It knows one form only: the known fields in the order of their numbers, each once, texts in ASCII. For everything
/// else it answers nil, and ``EventStore/EventCodec`` decides.
struct OrderEventReader {
    private var bytes: UnsafeRawBufferPointer
    private var position = 0

    /// The event of a payload; nil if the codec has to decide.
    static func read(_ type: EventType, _ payload: UnsafeRawBufferPointer) -> OrderEvent? {
        var reader = OrderEventReader(bytes: payload)
        guard reader.skipHead(), let event = reader.event(type), reader.isAtEnd else { return nil }
        return event
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var isAtEnd: Bool { position == bytes.count }

    private mutating func event(_ type: EventType) -> OrderEvent? {
        switch type {
        case .placed: details().map { .placed($0) }
        case .paymentInitiated: .paymentInitiated
        case .paid: .paid
        case .paymentFailed: text(3).map { .paymentFailed(reason: $0) }
        case .cancelled: text(3).map { .cancelled(reason: $0) }
        case .shippingStatusUpdated: status().map { .shippingStatusUpdated($0) }
        }
    }

    /// The order's id and the time, which every event begins with. An audit has both from columns.
    private mutating func skipHead() -> Bool {
        guard takeTag(1, .text), let id = span(), Self.isASCII(id), takeTag(2, .text), let time = span() else {
            return false
        }
        var inner = OrderEventReader(bytes: time)
        if inner.takeTag(1, .number), inner.number() == nil { return false }
        if inner.takeTag(2, .number) {
            guard let nanos = inner.number(), nanos < 1_000_000_000 else { return false }
        }
        return inner.isAtEnd
    }

    private mutating func details() -> OrderDetails? {
        guard let customer = text(3), let vendor = text(4), let product = text(5), let quantity = optionalNumber(6),
            let cents = optionalNumber(7), let method = text(8), let price = Money(cents: Int64(bitPattern: cents)),
            let quantity = Int32(exactly: Int64(bitPattern: quantity))
        else { return nil }
        return OrderDetails(
            customerID: customer, vendorID: vendor, productID: product, quantity: quantity, totalPrice: price,
            paymentMethod: method)
    }

    private mutating func status() -> ShippingStatus? {
        guard takeTag(3, .number) else { return nil }
        return switch number() {
        case 1: .waitingForPayment
        case 2: .waitingForShipment
        case 3: .inTransit
        case 4: .delivered
        case 5: .cancelled
        default: nil
        }
    }

    // MARK: Fields

    /// How a field is written.
    private enum Wire: UInt8 {
        case number = 0
        case text = 2
    }

    /// Goes past the tag of a field below 16, if it is next.
    private mutating func takeTag(_ field: UInt8, _ wire: Wire) -> Bool {
        guard position < bytes.count, bytes[position] == field << 3 | wire.rawValue else { return false }
        position += 1
        return true
    }

    /// A text that is left out is empty; nil if it is not ASCII.
    private mutating func text(_ field: UInt8) -> String? {
        guard takeTag(field, .text) else { return "" }
        guard let span = span(), Self.isASCII(span) else { return nil }
        return String(decoding: span, as: UTF8.self)
    }

    /// A number that is left out is zero.
    private mutating func optionalNumber(_ field: UInt8) -> UInt64? { takeTag(field, .number) ? number() : 0 }

    /// A varint of up to nine bytes: longer ones are negative numbers, which are left to the codec.
    private mutating func number() -> UInt64? {
        var (value, shift) = (UInt64(0), UInt64(0))
        while position < bytes.count, shift < 63 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func span() -> UnsafeRawBufferPointer? {
        guard let length = number(), length <= UInt64(bytes.count - position) else { return nil }
        defer { position += Int(length) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + Int(length))])
    }

    private static func isASCII(_ text: UnsafeRawBufferPointer) -> Bool {
        var all: UInt8 = 0
        for byte in text { all |= byte }
        return all < 0x80
    }
}
