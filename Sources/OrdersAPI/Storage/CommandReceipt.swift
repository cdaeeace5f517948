/// A write that is durable.
struct CommandReceipt: Hashable, Sendable {
    let orderID: String
    /// The order's version that the write produced: how many events the order had then.
    let version: UInt32
    /// Whether this is an earlier answer, found by its request_id.
    let isReplay: Bool
}
