/// A setting as it is in effect, for operators.
public struct EffectiveSetting: Hashable, Sendable {
    /// Where a value comes from; the raw values are part of the JSON of `/config`.
    public enum Source: String, Sendable {
        /// The variable is not set, or empty.
        case standard = "default"
        /// The variable has the value.
        case environment
        /// The file that the variable `NAME_FILE` names has it.
        case file
    }

    /// The variable.
    public let name: String
    /// As it was given, or the default in words; `***` for a secret.
    public let value: String
    /// Where the value comes from.
    public let source: Source

    /// What stands for a secret.
    static let masked = "***"

    /// Variables of libraries that are passed through: their names tell whether a value is a secret.
    static func isSecret(_ name: String) -> Bool {
        ["PASSWORD", "SECRET", "KEY_PEM", "OAUTHBEARER_CONFIG", "TOKEN", "PASSPHRASE"].contains { name.contains($0) }
    }

    /// Whether a variable is passed through to libpq or librdkafka, so that no getter asks for it.
    static func isPassedThrough(_ name: String) -> Bool {
        name.hasPrefix("KAFKA_")
            || ["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSERVICE"].contains(name)
    }
}
