import HTTP2

/// The header `If-Match` of a write (RFC 9110 §13.1.1): the versions that the order may have, or `*` for any.
///
/// A tag that is not a version of ours matches no order: a weak tag, a tag of another server, a malformed tag.
struct IfMatch: Hashable, Sendable {
    /// Nil for `*`; empty if no order can match.
    let versions: [UInt32]?

    /// Nil without the header.
    init?(_ headers: HTTP2Headers) {
        let values = headers.values("if-match")
        guard !values.isEmpty else { return nil }
        let tags = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: true) }.map(Self.trimmed)
        versions = tags == ["*"] ? nil : tags.compactMap(Self.version)
    }

    /// An order's version as an entity tag: the number in quotes.
    static func entityTag(_ version: UInt32) -> String { "\"\(version)\"" }

    /// The version of an entity tag. The quotes may be missing, because a number is unambiguous without them.
    private static func version(_ tag: Substring) -> UInt32? {
        var digits = tag
        if digits.utf8.count >= 2, digits.hasPrefix("\""), digits.hasSuffix("\"") {
            digits = digits.dropFirst().dropLast()
        }
        return UInt32(asciiDigits: digits)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isSpace)
        while text.last.map(isSpace) == true { text.removeLast() }
        return text
    }

    /// The error that the client gets: 412 with this header's name if the order's version is not one that the header
    /// allows; other errors as they are.
    func explain(_ error: APIError) -> APIError {
        guard error.reason == APIError.versionMismatchReason, let versions,
            let actual = error.metadata["actual_version"],
            !versions.contains(where: { String($0) == actual })
        else { return error }
        let wanted = versions.isEmpty ? "none" : versions.map(String.init).joined(separator: ", ")
        var explained = APIError(
            error.code, reason: error.reason, "If-Match: the order is at version \(actual), the header allows \(wanted)"
        )
        explained.metadata = ["expected_version": wanted, "actual_version": actual]
        return explained.withHTTPStatus(412)
    }
}
