/// A `pg_snapshot`: which transactions had ended when it was taken.
///
/// A transaction is visible if its id is below `xmax` and it is not in `inProgress`; whether its rows exist is MVCC's
/// business.
public struct Snapshot: Hashable, Sendable {
    /// Transactions from this id on had not ended.
    public let xmax: UInt64
    /// Transactions below `xmax` that had not ended either, ascending.
    public let inProgress: [UInt64]
    /// Postgres's own text, `xmin:xmax:xip1,xip2`.
    public let text: String

    /// Reads Postgres's text form; nil if it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, UInt64(parts[0]) != nil, let xmax = UInt64(parts[1]) else { return nil }
        let listed = parts[2].split(separator: ",").map { UInt64($0) }
        guard !listed.contains(nil) else { return nil }
        self.xmax = xmax
        self.inProgress = listed.compactMap { $0 }
        self.text = text
    }

    /// Whether a transaction had ended; the same rule as `pg_visible_in_snapshot`.
    public func sees(_ transaction: UInt64) -> Bool {
        transaction < xmax && !inProgress.contains(transaction)
    }

    /// `inProgress` as the text of an array parameter.
    var inProgressArray: String {
        "{" + inProgress.map { String($0) }.joined(separator: ",") + "}"
    }
}
