/// The open publisher of exactly-once delivery, and the transaction it is in: rows, then one record.
struct OutletTransaction {
    /// The record's own; rows are numbered from 0.
    static let recordTicket = UInt64.max

    private let publisher: any TransactionalPublisher
    /// Rows published in it; held ones do not count.
    private(set) var rows = 0
    /// When its rows were written: they have arrived only when it is committed.
    private var rowsWrittenAt: [Int64] = []
    /// The record that was put into it.
    private var record: DeliveryRecord?
    private var isRecordSettled = false

    init(_ publisher: any TransactionalPublisher) { self.publisher = publisher }

    mutating func published() { rows += 1 }

    mutating func settled(writtenAt time: Int64) { rowsWrittenAt.append(time) }

    /// Puts the record in, as the last message; one that is in already is not put in again.
    mutating func seal(_ sealing: DeliveryRecord) -> PublishOutcome {
        if record == sealing { return .queued }
        let outcome = publisher.publish(sealing, ticket: Self.recordTicket)
        if case .queued = outcome {
            record = sealing
            isRecordSettled = false
        }
        return outcome
    }

    mutating func settledRecord() { isRecordSettled = true }

    func isSettled(_ sealed: DeliveryRecord) -> Bool { record == sealed && isRecordSettled }

    /// Commits it and begins the next one; when the committed rows were written. nil if the outcome is not known yet.
    mutating func commit(within limit: Duration) throws(PublishFailure) -> [Int64]? {
        guard try publisher.commit(within: limit) else { return nil }
        defer { self = OutletTransaction(publisher) }
        return rowsWrittenAt
    }
}
