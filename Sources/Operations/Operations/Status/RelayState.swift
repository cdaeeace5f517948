/// The relay as the database shows it.
public struct RelayState: Codable, Sendable {
    /// The name that the leader gave itself; nil if none has ever led.
    public var leader: String?
    /// The epoch of the leader.
    public var epoch: Int64
    /// Whether a relay may publish now.
    public var leaseIsValid: Bool
    /// When the lease ends if it is not renewed.
    public var leaseUntil: Moment?
    /// Whether it waits for a writer's notification.
    public var isAsleep: Bool
    /// Sessions of relays of this database that do not lead.
    public var standbys: Int
    /// The number of the newest cut.
    public var cut: Int64
    /// Whether a cut is being published.
    public var isDraining: Bool
    /// The rows of that cut up to this id are settled.
    public var drainedThrough: Int64
    /// When the checkpoint moved last.
    public var movedAt: Moment
    /// Set while an operator has the relay paused.
    public var pause: Pause?

    /// A relay that leads and publishes nothing.
    public struct Pause: Codable, Sendable {
        /// When it was asked for.
        public var since: Moment
        /// The name of the caller, or of the database role.
        public var caller: String?
        /// As it was given.
        public var reason: String?
        /// Whether the leader has stopped publishing. It notices within a third of its lease.
        public var isInEffect: Bool
    }
}
