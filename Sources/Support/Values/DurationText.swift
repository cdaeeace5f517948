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
}
