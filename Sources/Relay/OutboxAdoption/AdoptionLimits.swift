/// Every bound of this module, with its unit.
enum AdoptionLimits {
    /// How long one try for a table's lock holds up its writers.
    static let lockMilliseconds = 500
    /// How long writers have the table to themselves before the next try.
    static let pauseMilliseconds = 500
    /// How often the lock is tried for: four minutes at most.
    static let lockTries = 240
    /// Ids of rows written after the adoption begin here, so that existing rows find room below.
    static let firstAdoptedID: Int64 = 1 << 40
    /// Existing rows that are numbered in one transaction.
    static let rowsPerNumbering = 8_000
    /// Columns that become headers at most: jsonb_build_object takes a hundred arguments.
    static let headers = 50
}
