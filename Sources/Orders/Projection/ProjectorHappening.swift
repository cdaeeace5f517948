import Consumers
import Logging

/// What a projector did.
public enum ProjectorHappening: Sendable {
    /// One transaction: messages consumed, orders changed, orders healed from the event store.
    case applied(messages: Int, changedOrders: Int, healedOrders: Int, took: Duration)
    /// One chunk of a healing walk: orders compared, orders that were behind.
    case healed(orders: Int, changedOrders: Int, isLast: Bool)
    /// One step of a rebuild: orders written beside the live read model; whether it took its place.
    case rebuilt(orders: Int, isSwitched: Bool)
    /// A message or stored event that cannot be projected was passed over.
    case passedOver
    /// Partitions were claimed; the position of `restarted` of them was unknown.
    case claimed(partitions: Int, restarted: Int)
    /// Another member had claimed meanwhile; nothing was applied.
    case stale
}

extension ConsumerReports<ProjectorHappening> {
    func claimed(_ claim: Claim, restarts: [Int32: Int64], reason: String?) {
        happened(.claimed(partitions: claim.positions.count, restarted: restarts.count))
        guard !restarts.isEmpty else { return }
        logger.notice(
            "positions are unknown, so the projection is compared with the event store",
            metadata: ["partitions": "\(restarts.count)", "reason": "\(reason ?? "first time in this cluster")"])
    }

    func healed(_ chunk: ProjectionStore.HealedChunk) {
        passedOver(chunk.unreadable)
        happened(.healed(orders: chunk.orders, changedOrders: chunk.changedOrders, isLast: chunk.isLast))
        if chunk.isLast { logger.notice("the projection has been compared with the event store") }
    }

    func rebuilt(_ step: RebuildStep) {
        switch step.kind {
        case .none, .early: return
        case .started: logger.notice("a rebuild of the read model begins")
        case .filled(let orders): happened(.rebuilt(orders: orders, isSwitched: false))
        case .switched:
            happened(.rebuilt(orders: 0, isSwitched: true))
            logger.notice("the rebuilt read model has taken the place of the old one")
        case .stopped: logger.notice("a rebuild of the read model was stopped; the old one stays")
        case .troubled(let why): logger.warning("the rebuild waits", metadata: ["reason": "\(why)"])
        }
    }

    func applied(_ batch: ProjectionStore.AppliedBatch, messages: Int, took: Duration) {
        passedOver(batch.unreadable)
        happened(
            .applied(
                messages: messages, changedOrders: batch.changedOrders, healedOrders: batch.healedOrders, took: took))
    }

    private func passedOver(_ reports: [UnreadableReport]) {
        for report in reports {
            happened(.passedOver)
            logger.warning("passed over", metadata: ["place": "\(report.place)", "problem": "\(report.problem)"])
        }
    }
}
