/// The key under which a command's answer is remembered for 24 hours, and what tells another command under that key
/// apart.
public struct IdempotencyKey: Sendable {
    /// 1 to 255 characters, chosen by the client.
    public let key: String
    /// Equal for equal requests only: a digest, or the bytes themselves of a small request.
    public let requestHash: [UInt8]

    public init(_ key: String, requestHash: [UInt8]) {
        self.key = key
        self.requestHash = requestHash
    }
}
