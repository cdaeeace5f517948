/// How far the money of an order has come.
public enum PaymentStatus: Hashable, Sendable, CaseIterable {
    /// Placed; the gateway has not been asked.
    case pending
    /// The gateway has been asked and has not answered.
    case initiated
    case paid
    case failed
}
