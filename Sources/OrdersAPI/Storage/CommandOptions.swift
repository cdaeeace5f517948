/// What a client asks of a write besides the command itself.
struct CommandOptions: Hashable, Sendable {
    /// Refuse unless the order is at exactly this version.
    var expectedVersion: UInt32?
    /// Makes a retry safe; empty for none.
    var requestID: String = ""
    /// What the request said, without its request_id: the same request_id with another body is refused.
    var fingerprint: [UInt8] = []
}
