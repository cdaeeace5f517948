import Glibc

/// A text that equals another only byte by byte, as in Postgres. A plain `String` also equals its canonical
/// equivalents, so two different identifiers could share one dictionary entry: whatever is keyed by an identifier is
/// keyed by this.
public struct ExactText: Hashable, Comparable, Sendable {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public static func == (left: ExactText, right: ExactText) -> Bool { compare(left, right) == 0 }

    /// Byte order: the same in every process, and that of COLLATE "C".
    public static func < (left: ExactText, right: ExactText) -> Bool { compare(left, right) < 0 }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    private static func compare(_ left: ExactText, _ right: ExactText) -> Int {
        var (left, right) = (left.text, right.text)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                let shared = min(left.count, right.count)
                if shared > 0, let start = left.baseAddress, let other = right.baseAddress {
                    let order = memcmp(start, other, shared)
                    if order != 0 { return Int(order) }
                }
                return left.count - right.count
            }
        }
    }
}
