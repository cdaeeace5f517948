/// The error codes of Postgres that this package tells apart (Postgres documentation, appendix A).
public enum SQLState {
    /// The server does not have this feature, or not for this kind of object.
    public static let featureNotSupported = "0A000"
    /// A unique or primary key has the value already.
    public static let uniqueViolation = "23505"
    /// A schema that is named does not exist.
    public static let invalidSchemaName = "3F000"
    /// The role may not do this.
    public static let insufficientPrivilege = "42501"
    /// The text is not SQL.
    public static let syntaxError = "42601"
    /// The text is not a name as SQL writes names.
    public static let invalidName = "42602"
    /// A column that is named does not exist.
    public static let undefinedColumn = "42703"
    /// A table that is named does not exist.
    public static let undefinedTable = "42P01"
    /// A lock was not granted within `lock_timeout`, or at once with NOWAIT.
    public static let lockNotAvailable = "55P03"
}
