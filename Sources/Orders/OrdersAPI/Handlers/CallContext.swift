/// What a call brings along besides its message, whatever the face it came in by.
struct CallContext: Sendable {
    /// When the client stops waiting; nil if it did not say.
    var deadline: ContinuousClock.Instant?
    /// The W3C trace context, as it came.
    var traceparent: String?
    /// The versions that a write may find the order at; nil for any. What the message itself demands counts beside it.
    var allowedVersions: [UInt32]?
}
