import HTTPTypes

/// The `If-Match` header of a write: one version, or `*`, which any existing order matches.
struct IfMatch: Hashable, Sendable {
    /// Nil for `*`. A tag that is no version of ours matches no order; version 0 says so, because no order has it.
    let version: UInt32?

    /// Nil without the header.
    ///
    /// - Throws: ``APIError`` for lists of tags and for what is no entity tag.
    init?(_ headers: HTTPFields) throws(APIError) {
        let values = headers[values: .ifMatch]
        guard let value = values.first else { return nil }
        if values.count == 1, value == "*" {
            version = nil
            return
        }
        var tag = Substring(value)
        // A weak tag never matches in If-Match (RFC 9110 §13.1.1).
        let isWeak = tag.hasPrefix("W/")
        if isWeak { tag = tag.dropFirst(2) }
        guard values.count == 1, tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\""),
            !tag.dropFirst().dropLast().contains("\"")
        else { throw APIError.invalid("If-Match", "must be one entity tag, such as \"3\", or *") }
        let digits = tag.dropFirst().dropLast()
        version = isWeak || !digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? 0 : UInt32(digits) ?? 0
    }
}
