/// Durations as they are written in configuration.
public enum DurationText {
    /// Reads a whole number, at most 10^12, followed by `ms`, `s`, `m`, `h` or `d`; nil for anything else, also for a
    /// sign or a fraction.
    public static func parse(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let amount = Int64(digits), amount <= 1_000_000_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": return .milliseconds(amount)
        case "s": return .seconds(amount)
        case "m": return .seconds(amount * 60)
        case "h": return .seconds(amount * 3600)
        case "d": return .seconds(amount * 86400)
        default: return nil
        }
    }

    /// Units of ``parse(_:)``, and of people, with their milliseconds, the largest first.
    private static let units: [(short: String, one: String, many: String, milliseconds: Int64)] = [
        ("d", "day", "days", 86_400_000), ("h", "h", "h", 3_600_000), ("m", "min", "min", 60_000),
        ("s", "s", "s", 1_000), ("ms", "ms", "ms", 1),
    ]

    /// Writes a duration as ``parse(_:)`` reads it, in the largest unit that needs no fraction: `1d`, `36h`, `250ms`.
    ///
    /// - Parameter duration: zero or positive; what is below a millisecond is left out.
    public static func text(_ duration: Duration) -> String {
        let (amount, unit) = whole(duration)
        return "\(amount)\(units[unit].short)"
    }

    /// The same for people: `1 day`, `36 h`, `5 min`, `250 ms`.
    ///
    /// - Parameter duration: as for ``text(_:)``.
    public static func words(_ duration: Duration) -> String {
        let (amount, unit) = whole(duration)
        return "\(amount) \(amount == 1 ? units[unit].one : units[unit].many)"
    }

    private static func whole(_ duration: Duration) -> (amount: Int64, unit: Int) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return (0, units.count - 2) }
        let unit = units.firstIndex { milliseconds.isMultiple(of: $0.milliseconds) } ?? units.count - 1
        return (milliseconds / units[unit].milliseconds, unit)
    }
}
