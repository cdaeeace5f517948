public import Threads

/// Where rows go: Kafka in production, memory in tests.
///
/// Used on one thread. Rows of one key keep the order in which they were accepted. Each accepted row is answered by
/// exactly one report; reports come in any order. An object that reported a failure of kind `client` is dropped, and
/// another one made.
public protocol Publisher: AnyObject {
    /// Takes a row without blocking. The row is valid during the call only: what is needed later is copied.
    ///
    /// - Parameter deliveryID: comes back with the row's report.
    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome

    /// Hands over the reports that have arrived, without blocking: the delivery id, and the failure if there was one.
    func takeReports(_ body: (UInt64, PublishFailure?) -> Void)

    /// Gives up what is queued and not sent yet. The object is not used afterwards.
    func abandon()
}

/// A publisher whose rows become visible together with a record of how far they go, or not at all.
///
/// A transaction begins with the first row or record that is published. It ends with ``commit(within:)``, with
/// ``Publisher/abandon()``, or when a publisher that was made later for the same outbox is opened. An object that
/// reported any failure is abandoned and another one made: rows that were published and not committed are then undone.
public protocol TransactionalPublisher: Publisher {
    /// Fences all publishers that were opened for this outbox before, and ends their open transactions: afterwards it
    /// is decided whether the last one is committed. Blocks, at most for `limit`.
    ///
    /// - Throws: a failure of kind `transient` if the same call may be made again.
    func open(within limit: Duration) throws(PublishFailure)

    /// The last record that was committed for this outbox; nil if there is none. Blocks, at most for `limit`.
    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord?

    /// Puts the record into the open transaction. A report with this delivery id follows, as for a row.
    func publish(_ record: DeliveryRecord, deliveryID: UInt64) -> PublishOutcome

    /// Commits. Every report must have been taken. Blocks, at most for `limit`.
    ///
    /// - Returns: false if the outcome is not known yet: make the same call again.
    func commit(within limit: Duration) throws(PublishFailure) -> Bool
}

/// Makes publishers, each with an empty queue.
public protocol PublisherFactory: Sendable {
    /// Makes a publisher for at-least-once delivery.
    ///
    /// - Parameter wake: rung whenever reports have arrived.
    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher

    /// Makes a publisher for exactly-once delivery. Nothing is published before it is opened.
    ///
    /// - Parameters:
    ///   - outbox: whose earlier publishers it fences.
    ///   - wake: rung whenever reports have arrived.
    func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher

    /// Makes what keeps the record of an outbox in Kafka, for at-least-once delivery; nil if no record is kept.
    func makeRecordKeeper(for outbox: OutboxOrigin) throws(OutboxError) -> (any RecordKeeper)?

    /// The newest rows of an outbox that Kafka has, read from the ends of its partitions: those of the cuts after
    /// `cut`. Blocks, at most for `limit`.
    ///
    /// - Parameter guarantee: with exactly-once delivery only committed records count.
    /// - Throws: a failure of kind `transient` if the same call may succeed later.
    func publishedRows(
        of outbox: OutboxOrigin, after cut: Int64, guarantee: DeliveryGuarantee, within limit: Duration
    ) throws(PublishFailure) -> PublishedRows
}

extension PublisherFactory {
    /// No record is kept.
    public func makeRecordKeeper(for outbox: OutboxOrigin) throws(OutboxError) -> (any RecordKeeper)? { nil }

    /// For publishers whose rows cannot be read back: no row is known to be published.
    public func publishedRows(
        of outbox: OutboxOrigin, after cut: Int64, guarantee: DeliveryGuarantee, within limit: Duration
    ) throws(PublishFailure) -> PublishedRows { PublishedRows() }

    /// For publishers without transactions.
    ///
    /// - Throws: ``OutboxError`` with code `configuration`, always.
    public func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher {
        throw OutboxError(.configuration, "this publisher has no transactions, so it cannot deliver exactly once")
    }
}
