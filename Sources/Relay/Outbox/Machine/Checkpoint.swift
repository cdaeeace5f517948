/// How far the relay is. Stored whole: leaving out any part loses or inverts rows after a crash.
public struct Checkpoint: Hashable, Sendable {
    /// Grows with every change of leader.
    public var epoch: Int64
    /// Counts cuts.
    public var cut: Int64
    /// Every row visible in it is in Kafka or held for a parked key.
    public var published: Snapshot
    /// The cut being published: rows visible in it and not in `published`.
    public var draining: Snapshot?
    /// Rows of the cut up to this outbox id are settled.
    public var drainedThrough: Int64

    public init(epoch: Int64, cut: Int64, published: Snapshot, draining: Snapshot?, drainedThrough: Int64) {
        self.epoch = epoch
        self.cut = cut
        self.published = published
        self.draining = draining
        self.drainedThrough = drainedThrough
    }
}
