/// The end of a page of the list: the sort key of its last order.
///
/// It is a position among all orders, so it is valid with every filter. The text is opaque to clients. It is
/// hexadecimal, so that every text that matches the documented pattern is a valid position.
struct PageToken: Hashable, Sendable {
    /// At least zero and below 2^52, the year 2112.
    let createdAtMicroseconds: Int64
    let orderID: String

    private static let timeDigits = 13
    private static let latestMicroseconds: Int64 = 1 << 52 - 1

    /// A time out of range is replaced by the nearest one in range.
    init(createdAtMicroseconds: Int64, orderID: String) {
        self.createdAtMicroseconds = min(max(createdAtMicroseconds, 0), Self.latestMicroseconds)
        self.orderID = orderID
    }

    /// Nil if the text does not match the pattern of tokens.
    init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count <= APILimits.maximumPageTokenBytes, digits.count > Self.timeDigits,
            (digits.count - Self.timeDigits) % 2 == 0
        else { return nil }
        var values: [UInt8] = []
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): values.append(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): values.append(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        let time = values[..<Self.timeDigits].reduce(Int64(0)) { $0 << 4 | Int64($1) }
        let bytes = stride(from: Self.timeDigits, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
        guard !bytes.contains(0) else { return nil }
        self.init(createdAtMicroseconds: time, orderID: String(decoding: bytes, as: UTF8.self))
    }

    /// 13 digits of the time, then two digits for each byte of the identifier.
    var text: String {
        let time = String(createdAtMicroseconds, radix: 16)
        let padding = String(repeating: "0", count: Self.timeDigits - time.utf8.count)
        return padding + time + orderID.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
