import Logging
import Sabotage
import Threads

/// The way of rows to Kafka: the publisher, the window of rows in flight, and the keys that are parked.
///
/// It knows nothing of delivery guarantees. A ``Delivery`` decides when its rows count as arrived, and what a refusal
/// means.
final class PublishPipeline {
    let parking: KeyParking
    /// The right to publish, checked while rows are offered.
    let lease: RelaySignals.Lease
    private(set) var window = FlightWindow()
    /// What rows carry from here on. The session sets the cut and the outbox.
    var mark: RowMark
    /// Rows given to the publisher since ``beginTransaction()``. Rows that are held do not count.
    private(set) var rowsInTransaction = 0
    private let makePublisher: () throws(PublishFailure) -> any Publisher
    private var publisher: (any Publisher)?
    private var failure: RelayInput.ReportedFailure?
    /// The last row that was sent alone: if it is refused, no other row can be the reason.
    private var lone: (deliveryID: UInt64, key: OutboxKey, outboxID: Int64)?
    /// When the rows were written that are acknowledged and not yet reported as arrived, in microseconds since 1970.
    private var acknowledged: [Int64] = []
    private var latencies = LatencyBuckets()
    /// The highest id that was sent; only the mutant that reads by id needs it.
    private var highest: Int64 = 0
    private let beforeAck = FailPoint.relayBeforeAck.armed
    private let status: RelayStatus
    private let logger: Logger

    /// - Parameter makePublisher: called when a row is offered and there is no publisher.
    init(
        parking: KeyParking, lease: RelaySignals.Lease, status: RelayStatus, logger: Logger,
        makePublisher: @escaping () throws(PublishFailure) -> any Publisher
    ) {
        self.parking = parking
        self.lease = lease
        mark = RowMark(epoch: lease.epoch)
        self.status = status
        self.logger = logger
        self.makePublisher = makePublisher
    }

    // MARK: Offering

    /// The chunk's next row, a view into the chunk. nil if it cannot be read: its key is then parked, the row held, and
    /// the chunk's next row is another one.
    ///
    /// - Throws: ``OutboxError`` with code `fenced` if another relay leads; looked at now and then, so that a relay
    ///   that was stopped and continued notices soon.
    func nextRow(_ chunk: inout Chunk) throws -> OutboxRow? {
        if chunk.next % OutboxLimits.rowsPerLeaseLook == 0 { try lease.check() }
        if let unreadable = chunk.unreadable {
            if !parking.contains(unreadable.key) {
                parking.park(unreadable.key, unreadable.outboxID, unreadable.reason)
            }
            hold(unreadable.outboxID, unreadable.key)
            chunk.next += 1
            return nil
        }
        return try chunk.row(chunk.next, by: mark)
    }

    /// What became of a row that was offered.
    enum Offer { case taken, full, tooEarly }

    /// Gives a row to the publisher, or holds it if its key is parked. `full` if there is no room now, or if a failure
    /// is pending; `tooEarly` if the row was refused and its key may not be parked yet.
    ///
    /// - Parameters:
    ///   - isAlone: whether no other row shares the row's fate, so that a refusal is about it.
    ///   - mayPark: asked when the row is refused.
    func offer(
        _ row: OutboxRow, isAlone: Bool, mayPark: @autoclosure () throws -> Bool = true
    ) throws -> Offer {
        guard !window.isFull, failure == nil else { return .full }
        if Mutant.readsByID.isOn, row.outboxID <= highest {
            passOver(row.outboxID)
            return .taken
        }
        if !parking.isEmpty, parking.contains(row.key) {
            hold(row.outboxID, row.key)
            return .taken
        }
        switch publish(row) {
        case .queued:
            if isAlone { lone = (window.nextDeliveryID - 1, row.key, row.outboxID) }
            return .taken
        case .full:
            return .full
        case .refused(let refusal) where refusal.isPermanent:
            guard try mayPark() else { return .tooEarly }
            parking.park(row.key, row.outboxID, refusal)
            hold(row.outboxID, row.key)
            return .taken
        case .refused:
            return .full
        }
    }

    /// Gives a row to the publisher, whether its key is parked or not. A refusal that is not about the row is noted as
    /// a failure.
    func publish(_ row: OutboxRow) -> PublishOutcome {
        guard let publisher = usablePublisher() else { return .full }
        let outcome = publisher.publish(row, deliveryID: window.nextDeliveryID)
        switch outcome {
        case .queued:
            highest = max(highest, row.outboxID)
            rowsInTransaction += 1
            window.offer(row.outboxID, writtenAt: row.createdAt)
            if Mutant.checkpointBeforeAck.isOn { window.settle(window.nextDeliveryID - 1) }
        case .refused(let refusal):
            if !refusal.isPermanent { note(refusal) }
        case .full:
            break
        }
        return outcome
    }

    private func hold(_ outboxID: Int64, _ key: OutboxKey) {
        parking.hold(outboxID, key)
        passOver(outboxID)
    }

    /// Counts a row as settled that does not go to the publisher.
    func passOver(_ outboxID: Int64) {
        window.offer(outboxID)
        window.settle(window.nextDeliveryID - 1)
    }

    /// A new cut, or a new chunk of held rows, begins: what was settled belongs to the last one.
    func beginFlight() { window.clear() }

    /// The rows from here on share their fate.
    func beginTransaction() { rowsInTransaction = 0 }

    // MARK: Reports

    /// Takes what the publisher reports. Rows that are acknowledged are settled.
    ///
    /// - Parameter other: gets all other reports, with their delivery ids: refused rows, and messages that are not rows
    ///   in the window.
    func takeReports(_ other: (UInt64, PublishFailure?) -> Void) {
        publisher?.takeReports { deliveryID, failure in
            guard failure == nil, window.contains(deliveryID) else { return other(deliveryID, failure) }
            if let failure = failureOnPurpose { return other(deliveryID, failure) }
            acknowledged.append(window.writtenAt(deliveryID))
            window.settle(deliveryID)
        }
    }

    /// The fail point before an acknowledgement is counted; its error looks like an unknown outcome.
    private var failureOnPurpose: PublishFailure? {
        guard let beforeAck else { return nil }
        do throws(FailPointError) {
            try beforeAck.strike()
            return nil
        } catch {
            return PublishFailure(.transient, error.description)
        }
    }

    /// The acknowledged rows have arrived: tells the status, with their latencies.
    func reportArrivals() {
        guard !acknowledged.isEmpty else { return }
        let now = WallClock.microsecondsSince1970
        for writtenAt in acknowledged { latencies.add(microseconds: now - writtenAt) }
        acknowledged.removeAll(keepingCapacity: true)
        status.recordAcknowledged(latencies)
        latencies.reset()
    }

    /// Parks the key of the row that was sent alone and refused for good. Returns false if this is another row, or the
    /// refusal is not about a row.
    func parkLoneRow(_ deliveryID: UInt64, _ refusal: PublishFailure) -> Bool {
        guard let lone, lone.deliveryID == deliveryID, refusal.isPermanent else { return false }
        parking.park(lone.key, lone.outboxID, refusal)
        parking.hold(lone.outboxID, lone.key)
        return true
    }

    /// A row that was refused is held instead.
    func settle(_ deliveryID: UInt64) { window.settle(deliveryID) }

    // MARK: Failures

    /// Whether a failure waits for the machine: nothing more is offered meanwhile.
    var hasFailed: Bool { failure != nil }

    /// Notes a failure until ``takeFailure()``. Of several, a permanent refusal says most, then that another producer
    /// has taken over: rows that fell with a refused one are reported as well, and say nothing about the reason.
    ///
    /// - Parameter isFound: the refused row is known and its key parked.
    func note(_ reason: PublishFailure, isFound: Bool = false) {
        status.recordFailure(reason)
        guard var noted = failure else {
            logger.warning(
                "publishing failed; starting again behind the last acknowledged row",
                metadata: ["why": "\(reason.explanation)"])
            failure = RelayInput.ReportedFailure(
                reason: reason, newest: window.newest ?? 0, rows: rowsInTransaction, isFound: isFound)
            return
        }
        if noted.isFound { return }
        if !noted.reason.isPermanent, reason.isPermanent || reason.kind == .fenced { noted.reason = reason }
        if reason.isPermanent { noted.newest = window.newest ?? 0 }
        noted.rows = rowsInTransaction
        noted.isFound = isFound
        failure = noted
    }

    /// The failure since the last call; nil if there was none.
    func takeFailure() -> RelayInput.ReportedFailure? {
        defer { failure = nil }
        return failure
    }

    // MARK: The publisher

    /// Publishes by this publisher from now on.
    func use(_ opened: any Publisher) {
        abandon()
        publisher = opened
    }

    /// Drops the publisher, and forgets what is in flight.
    func abandon() {
        dropPublisher()
        window.clear()
        beginTransaction()
        acknowledged.removeAll(keepingCapacity: true)
        lone = nil
        failure = nil
    }

    /// Drops the publisher alone: nothing is in flight.
    func dropPublisher() {
        publisher?.abandon()
        publisher = nil
    }

    private func usablePublisher() -> (any Publisher)? {
        if let publisher { return publisher }
        do {
            publisher = try makePublisher()
        } catch {
            note(error)
        }
        return publisher
    }
}
