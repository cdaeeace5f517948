/// Reads `grpc-timeout`: one to eight digits and a unit.
enum GRPCTimeout {
    /// nil when the text is not a timeout.
    static func parse(_ text: UnsafeRawBufferPointer) -> Duration? {
        guard (2...9).contains(text.count) else { return nil }
        var amount: Int64 = 0
        for digit in text.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            amount = amount * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        switch text[text.count - 1] {
        case UInt8(ascii: "H"): return .seconds(amount * 3_600)
        case UInt8(ascii: "M"): return .seconds(amount * 60)
        case UInt8(ascii: "S"): return .seconds(amount)
        case UInt8(ascii: "m"): return .milliseconds(amount)
        case UInt8(ascii: "u"): return .microseconds(amount)
        case UInt8(ascii: "n"): return .nanoseconds(amount)
        default: return nil
        }
    }
}
