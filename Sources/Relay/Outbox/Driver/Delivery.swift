import Logging
import Threads

/// When rows count as arrived, and what is done about a refused row: one implementation for each
/// ``DeliveryGuarantee``. Used on the working thread only, by batch or by chunk.
protocol Delivery: AnyObject {
    var pipeline: PublishPipeline { get }

    /// Takes in what the publisher reports.
    func takeReports()

    /// The failure since the last call; nil if there was none.
    ///
    /// - Throws: ``OutboxError`` with code `fenced` if the session must end.
    func takeFailure() throws -> RelayInput.ReportedFailure?

    /// Offers the chunk's rows until the publisher is full, a limit is reached or all are offered. Answers `offered` or
    /// `sealed`.
    func offer(_ chunk: inout Chunk, within limits: OfferLimits) throws -> RelayEvent

    /// Commits the rows of the cut up to this outbox id, which are all settled. Answers `committed`, `notCommitted` or
    /// `awaitingRecord`; asked again, it goes on where it was.
    func commit(through outboxID: Int64) throws -> RelayEvent

    /// Commits held rows of a key that is being released, up to this hold id. Answers as ``commit(through:)`` does.
    func commitRelease(through holdID: Int64) throws -> RelayEvent

    /// Opens a publisher and finds out how far Kafka is in the cut. Answers `recovered` or `notRecovered`.
    func recover() throws -> RelayEvent

    /// Drops the publisher and what is in flight.
    func abandon()

    /// Drops everything at the end of the session, also a publisher that is being opened.
    func close()
}

/// At-least-once delivery: a row has arrived when it is acknowledged. After a crash, rows that were acknowledged and
/// not saved are sent again.
final class AtLeastOnceDelivery: Delivery {
    let pipeline: PublishPipeline
    /// The publisher refused a row that was sent alone, and takes no more.
    private var isSpent = false

    init(
        _ factory: any PublisherFactory, parking: KeyParking, lease: RelaySignals.Lease, status: RelayStatus,
        logger: Logger
    ) {
        let wake = lease.signals.workWake
        pipeline = PublishPipeline(parking: parking, lease: lease, status: status, logger: logger) {
            () throws(PublishFailure) in
            do {
                return try factory.makePublisher(wake: wake)
            } catch {
                throw PublishFailure(.client, "\(error)")
            }
        }
    }

    func takeReports() {
        pipeline.takeReports { deliveryID, failure in
            // Reports of rows that were cleared say nothing any more.
            guard let failure, pipeline.window.contains(deliveryID) else { return }
            if pipeline.parkLoneRow(deliveryID, failure) {
                pipeline.settle(deliveryID)
                isSpent = true
            } else {
                pipeline.note(failure)
            }
        }
        if isSpent { replacePublisher() }
        pipeline.reportArrivals()
    }

    /// A producer that keeps order stops at the first message that is refused. It was alone: nothing else is in flight.
    private func replacePublisher() {
        isSpent = false
        pipeline.dropPublisher()
    }

    func takeFailure() -> RelayInput.ReportedFailure? { pipeline.takeFailure() }

    func offer(_ chunk: inout Chunk, within limits: OfferLimits) throws -> RelayEvent {
        let oneByOneThrough = limits.oneByOneThrough ?? .min
        while !chunk.isOffered {
            guard let row = try pipeline.nextRow(&chunk) else { continue }
            let isAlone = row.outboxID <= oneByOneThrough
            if isAlone && pipeline.window.span > 0 { return .offered(all: false) }
            guard try pipeline.offer(row, isAlone: isAlone) == .taken else { return .offered(all: false) }
            chunk.next += 1
        }
        return .offered(all: true)
    }

    // An acknowledged row has arrived: there is nothing to commit, and no record to read.

    func commit(through outboxID: Int64) -> RelayEvent { .committed }
    func commitRelease(through holdID: Int64) -> RelayEvent { .committed }
    func recover() -> RelayEvent { .recovered(through: 0) }

    func abandon() {
        pipeline.parking.dropHeld(after: pipeline.window.settledThrough ?? .min)
        pipeline.abandon()
        isSpent = false
    }

    func close() { abandon() }
}
