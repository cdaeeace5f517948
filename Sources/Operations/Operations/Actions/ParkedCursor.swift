import Values

/// Where a page of parked keys ended: the key that was looked at last.
public struct ParkedCursor: Sendable, Hashable {
    var parkedAt: Moment
    var aggregateType: String
    var aggregateId: String

    /// `2026-01-31T12:34:56.123456Z/order/4711`, with type and id percent-encoded: it goes through shells as it is.
    public var text: String { "\(parkedAt)/\(Self.encoded(aggregateType))/\(Self.encoded(aggregateId))" }

    init(parkedAt: Moment, aggregateType: String, aggregateId: String) {
        self.parkedAt = parkedAt
        self.aggregateType = aggregateType
        self.aggregateId = aggregateId
    }

    /// nil for a text that ``text`` does not write.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let parkedAt = Moment(rfc3339: String(parts[0])),
            let type = PercentDecoding.decode(parts[1]), let id = PercentDecoding.decode(parts[2]),
            !type.utf8.contains(0), !id.utf8.contains(0)
        else { return nil }
        self.init(parkedAt: parkedAt, aggregateType: type, aggregateId: id)
    }

    /// Every byte that is not unreserved in a URI (RFC 3986 §2.3) as two digits.
    private static func encoded(_ text: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        return text.utf8.reduce(into: "") { result, byte in
            guard !plain.contains(byte) else { return result.unicodeScalars.append(Unicode.Scalar(byte)) }
            result += "%"
            result += String(decoding: [HexDigit.byte(of: byte >> 4), HexDigit.byte(of: byte)], as: UTF8.self)
        }
    }
}
