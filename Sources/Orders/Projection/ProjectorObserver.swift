/// Hears what a projector does; called on its thread, so it must not block.
public protocol ProjectorObserver: Sendable {
    func projectorDid(_ happening: ProjectorHappening)
}

/// What a projector did.
public enum ProjectorHappening: Sendable {
    /// One transaction: messages consumed, orders changed, orders healed from the event store.
    case applied(messages: Int, changedOrders: Int, healedOrders: Int, took: Duration)
    /// One chunk of a healing walk.
    case healed(orders: Int, changedOrders: Int, isLast: Bool)
    /// A message or stored event that cannot be projected was passed over.
    case passedOver
    /// Partitions were claimed; of `restarted` nobody knew the position.
    case claimed(partitions: Int, restarted: Int)
    /// Another member had claimed meanwhile; nothing was applied.
    case stale
    case status(ProjectorStatus)
}

/// How a projector is.
public enum ProjectorStatus: Hashable, Sendable {
    /// Not consuming; the text says what is missing.
    case waiting(String)
    /// Consuming while a healing walk runs: lists may still lack orders.
    case healing
    case running(partitions: Int)
}
