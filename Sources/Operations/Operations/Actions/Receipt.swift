/// What an action did, as it is recorded.
public struct Receipt: Codable, Sendable {
    /// `release`, `skip`, `edit`, `pause`, `resume`, `replay` or `rebuild`.
    public var action: String
    /// One sentence.
    public var summary: String
    /// By the clock of Postgres: the time of all decisions of this action.
    public var at: Moment
    /// As the desk was told.
    public var caller: String?
    /// As it was given.
    public var reason: String
    /// The first and the last decision that were recorded; nil if there was nothing to do.
    public var firstDecision: Int64?
    /// See ``firstDecision``.
    public var lastDecision: Int64?
    /// How many keys and rows were changed.
    public var keys: Int
    /// See ``keys``.
    public var rows: Int
}

/// How far a release is. The relay does it, whether or not anybody watches.
public struct ReleaseProgress: Codable, Sendable {
    /// Keys whose release was asked for.
    public var asked: Int
    /// Keys that the relay has not come to, or has not finished.
    public var waiting: Int
    /// Keys of which Kafka refused a row again; they stay parked, with the new reason.
    public var refused: Int
    /// Keys that flow again.
    public var released: Int

    /// Whether the relay has dealt with every key.
    public var isOver: Bool { waiting == 0 }
}
