extension PostgresConnection {
    /// Quotes `name` as an SQL identifier. `name` must not hold NUL, which Postgres refuses.
    public static func quoteIdentifier(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// Quotes `value` as an SQL string literal, for statements that take no parameters. Safe whatever
    /// `standard_conforming_strings` is.
    public static func quoteLiteral(_ value: String) -> String {
        let doubled = value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        return value.contains("\\")
            ? "E'" + doubled.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\") + "'"
            : "'" + doubled + "'"
    }
}
