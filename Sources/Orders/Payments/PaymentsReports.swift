import Logging

/// Tells the log and the observer; each change of status once, however often it is found again.
final class PaymentsReports {
    private let observer: any PaymentsObserver
    private let logger: Logger
    private var status: PaymentsStatus?

    init(observer: any PaymentsObserver, logger: Logger) {
        self.observer = observer
        self.logger = logger
    }

    func waiting(_ why: String) {
        if become(.waiting(why)) { logger.info("waiting", metadata: ["reason": "\(why)"]) }
    }

    func running(partitions: Int) {
        if become(.running(partitions: partitions)) {
            logger.info("consuming", metadata: ["partitions": "\(partitions)"])
        }
    }

    func failed(_ error: any Error) {
        if become(.waiting("\(error)")) {
            logger.warning("cannot go on, trying again", metadata: ["reason": "\(error)"])
        }
    }

    func restarted(partitions: Int, reason: String) {
        logger.notice(
            "offsets are unknown, so unsettled orders are looked for in the event store",
            metadata: ["partitions": "\(partitions)", "reason": "\(reason)"])
    }

    func recovered(orders: Int) {
        observer.paymentsDid(.recovered(orders: orders))
        if orders > 0 { logger.info("recovery pass ended", metadata: ["orders": "\(orders)"]) }
    }

    func working(orders: Int) {
        observer.paymentsDid(.working(orders: orders))
    }

    func ended(_ finished: PaymentWork.Finished) {
        switch finished.end {
        case .nothingToDo: observer.paymentsDid(.nothingToDo)
        case .paid: observer.paymentsDid(.paid)
        case .declined: observer.paymentsDid(.declined)
        case .voided:
            observer.paymentsDid(.voided)
            logger.info("the payment of a cancelled order is void", metadata: ["order": "\(finished.orderID)"])
        case .failed(let problem):
            observer.paymentsDid(.failed)
            logger.warning(
                "a payment is left for later", metadata: ["order": "\(finished.orderID)", "reason": "\(problem)"])
        }
    }

    private func become(_ next: PaymentsStatus) -> Bool {
        guard status != next else { return false }
        status = next
        observer.paymentsDid(.status(next))
        return true
    }
}
