/// A writer that does what services do, and what they should not: early transaction ids, long transactions, savepoints,
/// rollbacks, commits that do not wait for the disk, and rows that wake nobody.
///
/// It keeps the one rule there is: the next row of a key is inserted after the last one was committed, or in the same
/// transaction.
struct SimulatedWriter {
    struct Transaction {
        var id: UInt64?
        var nested: UInt64?
        /// The rows that are left to insert.
        var rowsLeft: Int
        /// The keys that it has inserted rows of, with the number of rows.
        var keys: [(key: Int, rows: Int64)] = []
        var waitsForDisk: Bool
        var wakes: Bool
        var mustNotify = false
        /// Its commit is in the log, and nobody sees it yet.
        var isWritten = false
    }

    /// When its next step is due, in microseconds since 1970.
    var nextAt: Int64 = 0
    var transaction: Transaction?
}
