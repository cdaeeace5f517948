import HTTPTypes

/// The `If-Match` header of a write (RFC 9110 §13.1.1): the versions it may find, or `*`, which is any.
///
/// What is no version of ours matches no order: weak tags, other servers' tags, broken ones.
struct IfMatch: Hashable, Sendable {
    /// Nil for `*`; empty if no order can match.
    let versions: [UInt32]?

    /// Nil without the header.
    init?(_ headers: HTTPFields) {
        let values = headers[values: .ifMatch]
        guard !values.isEmpty else { return nil }
        let tags = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: true) }.map(Self.trimmed)
        versions = tags == ["*"] ? nil : tags.compactMap(Self.version)
    }

    /// A version in quotes; without them it is clear enough, too.
    private static func version(_ tag: Substring) -> UInt32? {
        var digits = tag
        if digits.utf8.count >= 2, digits.hasPrefix("\""), digits.hasSuffix("\"") {
            digits = digits.dropFirst().dropLast()
        }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(digits)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isSpace)
        while text.last.map(isSpace) == true { text.removeLast() }
        return text
    }
}
