import Consumers
import Logging

/// What payments did.
public enum PaymentsHappening: Sendable {
    /// The gateway approved, and that is recorded.
    case paid
    /// The gateway declined, and that is recorded.
    case declined
    /// The order is cancelled: the gateway gave back what it took.
    case voided
    /// The order is left to `payment_retry`.
    case failed
    /// An order needed nothing.
    case nothingToDo
    /// A recovery pass from the mark to now ended; so many orders needed something.
    case recovered(orders: Int)
    /// Orders being worked on, after a change.
    case working(orders: Int)
}

extension ConsumerReports<PaymentsHappening> {
    func restarted(partitions: Int, reason: String) {
        logger.notice(
            "offsets are unknown, so unsettled orders are looked for in the event store",
            metadata: ["partitions": "\(partitions)", "reason": "\(reason)"])
    }

    func recovered(orders: Int) {
        happened(.recovered(orders: orders))
        if orders > 0 { logger.info("recovery pass ended", metadata: ["orders": "\(orders)"]) }
    }

    func ended(_ finished: PaymentPipeline.Finished) {
        switch finished.end {
        case .nothingToDo: happened(.nothingToDo)
        case .paid: happened(.paid)
        case .declined: happened(.declined)
        case .voided:
            happened(.voided)
            logger.info("the payment of a cancelled order is void", metadata: ["order": "\(finished.orderID)"])
        case .failed(let problem):
            happened(.failed)
            logger.warning(
                "a payment is left for later", metadata: ["order": "\(finished.orderID)", "reason": "\(problem)"])
        }
    }
}
