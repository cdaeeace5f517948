import Logging

/// Tells the log and the observer; each change of status once, however often it is found again.
final class ProjectorReports {
    private let observer: any ProjectorObserver
    private let logger: Logger
    private var status: ProjectorStatus?

    init(observer: any ProjectorObserver, logger: Logger) {
        self.observer = observer
        self.logger = logger
    }

    func waiting(_ why: String) {
        if become(.waiting(why)) { logger.info("waiting", metadata: ["reason": "\(why)"]) }
    }

    func working(_ machine: ProjectorMachine) {
        let next: ProjectorStatus = machine.isHealing ? .healing : .running(partitions: machine.partitionCount)
        if become(next) { logger.info("consuming", metadata: ["partitions": "\(machine.partitionCount)"]) }
    }

    func failed(_ error: any Error) {
        if let error = error as? ProjectionError, error.code == .stale { observer.projectorDid(.stale) }
        if become(.waiting("\(error)")) {
            logger.warning("cannot go on, trying again", metadata: ["reason": "\(error)"])
        }
    }

    func claimed(_ claim: Claim, restarts: [Int32: Int64], reason: String?) {
        observer.projectorDid(.claimed(partitions: claim.positions.count, restarted: restarts.count))
        guard !restarts.isEmpty else { return }
        logger.notice(
            "positions are unknown, so the projection is compared with the event store",
            metadata: ["partitions": "\(restarts.count)", "reason": "\(reason ?? "first time in this cluster")"])
    }

    func healed(_ chunk: HealedChunk) {
        passedOver(chunk.unreadable)
        observer.projectorDid(.healed(orders: chunk.orders, changedOrders: chunk.changedOrders, isLast: chunk.isLast))
        if chunk.isLast { logger.notice("the projection has been compared with the event store") }
    }

    func applied(_ batch: AppliedBatch, messages: Int, took: Duration) {
        passedOver(batch.unreadable)
        observer.projectorDid(
            .applied(
                messages: messages, changedOrders: batch.changedOrders, healedOrders: batch.healedOrders, took: took))
    }

    private func passedOver(_ reports: [UnreadableReport]) {
        for report in reports {
            observer.projectorDid(.passedOver)
            logger.warning("passed over", metadata: ["place": "\(report.place)", "problem": "\(report.problem)"])
        }
    }

    private func become(_ next: ProjectorStatus) -> Bool {
        guard status != next else { return false }
        status = next
        observer.projectorDid(.status(next))
        return true
    }
}
