/// Hears what payments do; called on their thread, so it must not block.
public protocol PaymentsObserver: Sendable {
    func paymentsDid(_ happening: PaymentsHappening)
}

/// What payments did.
public enum PaymentsHappening: Sendable {
    case paid
    case declined
    /// A cancelled order: what the gateway took went back.
    case voided
    /// Left to `payment_retry` for later.
    case failed
    /// Somebody asked for an order that needed nothing.
    case nothingToDo
    /// A recovery pass from the mark to now ended; so many orders needed something.
    case recovered(orders: Int)
    /// Orders being worked on, after a change.
    case working(orders: Int)
    case status(PaymentsStatus)
}

/// How payments are.
public enum PaymentsStatus: Hashable, Sendable {
    /// Not consuming; the text says what is missing.
    case waiting(String)
    case running(partitions: Int)
}
