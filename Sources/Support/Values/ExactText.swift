import Glibc

/// A text that equals another only byte by byte, as in Postgres.
///
/// A plain `String` also equals its canonical equivalents, so two different identifiers could share one entry of a
/// dictionary. Dictionaries and sets of identifiers therefore have keys of this type.
public struct ExactText: Hashable, Comparable, Sendable {
    /// The text as given; it is not normalised.
    public let text: String

    /// Wraps a text without a copy.
    public init(_ text: String) {
        self.text = text
    }

    /// Whether both have the same UTF-8 bytes.
    public static func == (left: ExactText, right: ExactText) -> Bool { compare(left, right) == 0 }

    /// Byte order: the same in every process, and that of COLLATE "C".
    public static func < (left: ExactText, right: ExactText) -> Bool { compare(left, right) < 0 }

    /// Hashes the UTF-8 bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Negative, zero or positive, as `memcmp` answers; of a text and its prefix the prefix comes first.
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
