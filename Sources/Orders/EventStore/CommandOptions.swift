/// The conditions of a command, and the data that travels with it.
public struct CommandOptions: Sendable {
    /// Refuse the command unless the order has exactly this many events. Default nil: any number.
    public var expectedVersion: Int64?
    /// Refuse the command unless the order's number of events is one of these; an empty array refuses every command.
    /// Default nil: any number.
    public var allowedVersions: [Int64]?
    /// Answer a repetition of the command with the first answer. Default nil: every command is a new one.
    public var idempotencyKey: IdempotencyKey?
    /// Answer ``EventStoreError/deadlineExceeded`` if the command has not started by then. Default nil: no deadline.
    public var deadline: ContinuousClock.Instant?
    /// The W3C trace context, copied into the headers of the outbox row if it is well-formed. Default nil: none.
    public var traceparent: String?

    /// Without arguments: no conditions, no key, no deadline.
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

    /// The demanded version that an order at `version` does not meet, for the error message: 0 if no version is
    /// allowed, nil if all demands are met.
    package func missed(at version: Int64) -> Int64? {
        if let allowedVersions, !allowedVersions.contains(version) { return allowedVersions.first ?? 0 }
        return expectedVersion == version ? nil : expectedVersion
    }
}

/// The key under which the answer to a command is stored, and a hash that recognises another command under that key.
///
/// Answers are stored for ``EventStoreConfiguration/idempotencyRetention``.
public struct IdempotencyKey: Sendable {
    /// 1 to 255 characters, chosen by the client.
    public let key: String
    /// Equal for equal requests only: a digest, or the bytes of a small request.
    public let requestHash: [UInt8]

    /// - Parameters:
    ///   - key: 1 to 255 characters without a NUL.
    ///   - requestHash: equal for equal requests only.
    public init(_ key: String, requestHash: [UInt8]) {
        self.key = key
        self.requestHash = requestHash
    }
}

/// The answer to a command whose events are durable.
public struct CommandOutcome: Hashable, Sendable {
    /// The order that was changed; for a placement the new identifier.
    public let orderID: String
    /// The order's number of events after the command.
    public let version: Int64
    /// Whether this is the stored answer to an earlier command with the same idempotency key.
    public let replayed: Bool

    /// - Parameters:
    ///   - version: the order's number of events after the command.
    ///   - replayed: whether the answer was found by its idempotency key.
    public init(orderID: String, version: Int64, replayed: Bool) {
        self.orderID = orderID
        self.version = version
        self.replayed = replayed
    }
}
