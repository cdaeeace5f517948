package import Postgres

/// The getters by the case of a column enum, which stands beside the statement: `enum Column: Int { case id, name }`.
extension PostgresResult {
    /// Whether the value is NULL.
    package func isNull(_ row: Int, _ column: some RawRepresentable<Int>) -> Bool { isNull(row, column.rawValue) }

    /// The value's bytes, empty for NULL. Valid while the result lives.
    func unsafeBytes(_ row: Int, _ column: some RawRepresentable<Int>) -> UnsafeRawBufferPointer {
        unsafeBytes(row, column.rawValue)
    }

    /// A bigint. Throws on NULL and on another width.
    package func int64(_ row: Int, _ column: some RawRepresentable<Int>) throws(PostgresError) -> Int64 {
        try int64(row, column.rawValue)
    }

    /// An integer. Throws on NULL and on another width.
    package func int32(_ row: Int, _ column: some RawRepresentable<Int>) throws(PostgresError) -> Int32 {
        try int32(row, column.rawValue)
    }

    /// A boolean. Throws on NULL and on another width.
    package func bool(_ row: Int, _ column: some RawRepresentable<Int>) throws(PostgresError) -> Bool {
        try bool(row, column.rawValue)
    }

    /// The bytes as UTF-8. Throws on NULL.
    package func string(_ row: Int, _ column: some RawRepresentable<Int>) throws(PostgresError) -> String {
        try string(row, column.rawValue)
    }

    /// nil for NULL.
    package func optionalString(_ row: Int, _ column: some RawRepresentable<Int>) -> String? {
        optionalString(row, column.rawValue)
    }
}
