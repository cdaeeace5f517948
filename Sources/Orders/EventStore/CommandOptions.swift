/// What a caller may ask of a command beyond the command itself.
public struct CommandOptions: Sendable {
    /// Refuse unless the order has exactly this many events. Default: no demand.
    public var expectedVersion: Int64?
    /// Refuse unless the order has one of these numbers of events; none matches if it is empty. Default: no demand.
    public var allowedVersions: [Int64]?
    /// Answer a repetition of the command with the first answer. Default: every command is a new one.
    public var idempotencyKey: IdempotencyKey?
    /// Give up if the command has not started by then. Default: never.
    public var deadline: ContinuousClock.Instant?
    /// The W3C trace context, copied into the headers of the outbox row if it is well-formed. Default: none.
    public var traceparent: String?

    public init(
        expectedVersion: Int64? = nil, allowedVersions: [Int64]? = nil, idempotencyKey: IdempotencyKey? = nil,
        deadline: ContinuousClock.Instant? = nil, traceparent: String? = nil
    ) {
        self.expectedVersion = expectedVersion
        self.allowedVersions = allowedVersions
        self.idempotencyKey = idempotencyKey
        self.deadline = deadline
        self.traceparent = traceparent
    }
    /// A version that was asked for, if an order at `version` meets not all that was; 0 if no version would do.
    package func missed(at version: Int64) -> Int64? {
        if let allowedVersions, !allowedVersions.contains(version) { return allowedVersions.first ?? 0 }
        return expectedVersion == version ? nil : expectedVersion
    }
}
