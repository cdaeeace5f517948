internal import Logging
internal import Threads

/// The way out: the publisher, the window of rows in flight, and the keys that are held back.
final class Outlet {
    private let factory: any PublisherFactory
    private let wake: WakeDescriptor
    private let status: RelayStatus
    private let logger: Logger
    /// When a key whose topic was refused is tried again; nil leaves it to operators.
    var parkedRetry: Duration?
    private var publisher: (any Publisher)?
    private(set) var window = FlightWindow()
    private var parked: ParkedKeys
    private(set) var held = HeldBatch()
    /// The publisher refused a row that was sent alone, and takes no more.
    private var isSpent = false
    private var lastRefusal: PublishFailure?
    private var latencies = LatencyBuckets()
    private var failure: RelaySight.ReportedFailure?
    /// The row that was sent alone: if it is refused, it and nothing else is to blame.
    private var probe: (ticket: UInt64, row: OutboxKey, outboxID: Int64)?

    init(_ factory: any PublisherFactory, wake: WakeDescriptor, parked: ParkedKeys, status: RelayStatus, logger: Logger) {
        self.factory = factory
        self.wake = wake
        self.parked = parked
        self.status = status
        self.logger = logger
    }

    /// Offers a row, or holds it if its key is parked. Returns false when there is no room now.
    func offer(_ row: OutboxRow, isProbe: Bool) -> Bool {
        guard !window.isFull, failure == nil else { return false }
        if !parked.isEmpty, parked.contains(row.key) {
            hold(row)
            return true
        }
        guard let publisher = usablePublisher() else { return false }
        let ticket = window.nextTicket
        switch publisher.publish(row, ticket: ticket) {
        case .queued:
            if isProbe { probe = (ticket, row.key, row.outboxID) }
            window.offer(row.outboxID, writtenAt: row.createdAt)
            return true
        case .full:
            return false
        case .refused(let refusal) where refusal.isPermanent:
            park(row.key, row.outboxID, refusal)
            hold(row)
            return true
        case .refused(let refusal):
            note(refusal)
            return false
        }
    }

    /// nil for a row that Kafka will never take.
    func retryAfter(_ refusal: PublishFailure) -> Duration? { refusal.kind == .topic ? parkedRetry : nil }

    var hasParkedKeys: Bool { !parked.isEmpty }

    func heldRowsLeft(_ count: Int) { status.held { max(0, $0 - count) } }

    func unpark(_ key: OutboxKey) {
        parked.remove(key)
        status.parked(parked.count)
    }

    /// Publishes one row although its key is parked, and waits for its report. Nothing else may be in flight.
    ///
    /// Returns whether it was acknowledged; false if `mayGoOn` turned false before.
    func publishAlone(_ row: OutboxRow, while mayGoOn: () -> Bool) -> Result<Bool, PublishFailure> {
        var isOffered = false
        while mayGoOn() {
            if !isOffered, let publisher = usablePublisher() {
                switch publisher.publish(row, ticket: window.nextTicket) {
                case .queued:
                    window.offer(row.outboxID, writtenAt: row.createdAt)
                    isOffered = true
                case .full: break
                case .refused(let failure): return .failure(failure)
                }
            }
            wake.wait(until: .now + .milliseconds(OutboxLimits.longestReconnectMilliseconds))
            takeReports()
            if let refusal = lastRefusal { return giveUp(refusal) }
            if isOffered && window.span == 0 { return .success(true) }
        }
        return .success(false)
    }

    private func giveUp(_ refusal: PublishFailure) -> Result<Bool, PublishFailure> {
        abandon()
        return .failure(refusal)
    }

    /// Takes what the publisher reports.
    func takeReports() {
        latencies.reset()
        let now = WallClock.microsecondsSince1970
        publisher?.takeReports { ticket, failure in
            guard window.contains(ticket) else { return }
            if let failure { return refused(ticket, failure) }
            latencies.add(microseconds: now - window.writtenAt(ticket))
            window.settle(ticket)
        }
        if isSpent { replacePublisher() }
        if latencies.rows > 0 { status.acknowledged(latencies) }
    }

    private func refused(_ ticket: UInt64, _ refusal: PublishFailure) {
        if let probe, probe.ticket == ticket, refusal.isPermanent {
            park(probe.row, probe.outboxID, refusal)
            held.hold(probe.outboxID, probe.row)
            window.settle(ticket)
            isSpent = true
        } else {
            note(refusal)
        }
    }

    /// A producer that keeps order stops at the first message that is refused.
    private func replacePublisher() {
        isSpent = false
        publisher?.abandon()
        publisher = nil
    }

    private func note(_ refusal: PublishFailure) {
        if failure == nil {
            logger.warning(
                "publishing failed; starting again behind the last acknowledged row", metadata: ["why": "\(refusal.explanation)"])
        }
        status.failed(refusal)
        lastRefusal = refusal
        let newest = window.newest ?? 0
        if failure == nil || refusal.isPermanent { failure = .init(kind: refusal.kind, newest: newest) }
    }

    private func park(_ key: OutboxKey, _ outboxID: Int64, _ refusal: PublishFailure) {
        parked.insert(key)
        held.park(key, outboxID, refusal.explanation, retryAfter: retryAfter(refusal))
        status.parked(parked.count)
        logger.error(
            retryAfter(refusal) == nil
                ? "key parked; its rows wait for an operator, see outboxctl outbox parked"
                : "key parked; its rows are tried again, see outboxctl outbox parked",
            metadata: ["key": "\(key)", "outbox_id": "\(outboxID)", "why": "\(refusal.explanation)"])
    }

    private func hold(_ row: OutboxRow) {
        held.hold(row.outboxID, row.key)
        window.offer(row.outboxID)
        window.settle(window.nextTicket - 1)
    }

    func takeFailure() -> RelaySight.ReportedFailure? {
        defer { failure = nil }
        return failure
    }

    /// The held rows are stored.
    func forgetHeld() { held = HeldBatch() }

    /// A new cut starts over with ids: what was settled belongs to the last one.
    func beginCut() {
        window.clear()
        lastRefusal = nil
    }

    func abandon() {
        publisher?.abandon()
        publisher = nil
        window.clear()
        probe = nil
        isSpent = false
        failure = nil
        lastRefusal = nil
    }

    func close() { abandon() }

    private func usablePublisher() -> (any Publisher)? {
        if let publisher { return publisher }
        do {
            publisher = try factory.makePublisher(wake: wake)
        } catch {
            note(PublishFailure(.client, "\(error)"))
        }
        return publisher
    }
}
