/// What a team says about the table it wants forwarded.
public struct AdoptionOptions: Sendable {
    /// What becomes of rows that are there when the table is adopted.
    public enum ExistingRows: String, CaseIterable, Sendable {
        /// They are published first, in their order.
        case publish
        /// They count as published already.
        case skip
    }

    /// The table as SQL names it: `app.outbox`, or `"App"."Outbox"`.
    public var table: String
    /// The schema for the relay's own tables, as in `RELAY_SCHEMA`. One per outbox.
    public var schema = "outbox_relay"
    /// The table's column for a name the relay knows, where the usual names do not fit; see ``SourceColumn``.
    public var columns: [String: String] = [:]
    /// Header name and column for each header; nil leaves them as they are, and at first makes a header of every column
    /// that has no other use.
    public var headers: [(name: String, column: String)]?
    /// Makes a header of every column that has no other use, also where an earlier choice left some out.
    public var hasAllHeaders = false
    /// nil is answered only by an empty table.
    public var existing: ExistingRows?
    /// The column that tells the order of existing rows, or `ctid` for their place in the table, which is none.
    /// Default: see relay/README.md.
    public var order: String?

    public init(table: String) {
        self.table = table
    }
}
