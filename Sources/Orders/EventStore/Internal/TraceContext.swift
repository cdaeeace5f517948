/// The W3C trace context, as far as it is passed on.
enum TraceContext {
    private static let length = 55
    private static let hyphens: Set<Int> = [2, 35, 52]

    /// The header if it has the form of version 00, `00-<32 hex>-<16 hex>-<2 hex>` in lower case; else nil, because a
    /// consumer would have to refuse it.
    static func wellFormed(_ traceparent: String) -> String? {
        guard traceparent.utf8.count == length, traceparent.hasPrefix("00-") else { return nil }
        for (position, byte) in traceparent.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): guard hyphens.contains(position) else { return nil }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"):
                guard !hyphens.contains(position) else { return nil }
            default: return nil
            }
        }
        return traceparent
    }
}
