/// Where a page of the list ended: the sort key of its last order, and the filters it was made with.
struct PageToken: Hashable, Sendable {
    let createdAtMicroseconds: Int64
    let orderID: String
    /// Tells tokens of differently filtered lists apart.
    let filterDigest: UInt64
}
