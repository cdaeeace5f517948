import Values

/// A point in time. In JSON it is RFC 3339 in UTC with microseconds, `2026-01-31T12:34:56.123456Z`.
public struct Moment: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Since 1970.
    public var microseconds: Int64

    /// - Parameter microseconds: since 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// As in JSON.
    public var description: String { CivilTime(microsecondsSince1970: microseconds).rfc3339(.microseconds) }

    /// Seconds from `earlier` to this moment; negative if it is later.
    public func seconds(since earlier: Moment) -> Double { Double(microseconds - earlier.microseconds) / 1_000_000 }

    /// The earlier of two is less.
    public static func < (left: Moment, right: Moment) -> Bool { left.microseconds < right.microseconds }

    /// nil for a text that is not in the form of ``description``.
    init?(rfc3339 text: String) {
        guard let microseconds = Self.microseconds(of: text) else { return nil }
        self.microseconds = microseconds
    }

    /// Takes the form of ``description``.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let microseconds = Self.microseconds(of: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no RFC 3339 time")
        }
        self.microseconds = microseconds
    }

    /// Writes ``description``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private static func microseconds(of text: String) -> Int64? {
        let form = /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z/
        guard let match = text.wholeMatch(of: form) else { return nil }
        let parts = [match.1, match.2, match.3, match.4, match.5, match.6, match.7].compactMap { Int64($0) }
        let days = CivilTime.daysSince1970(year: parts[0], month: parts[1], day: parts[2])
        let seconds = days * 86_400 + parts[3] * 3_600 + parts[4] * 60 + parts[5]
        return seconds * 1_000_000 + parts[6]
    }
}
