/// A publisher whose rows become visible together with a record of how far they go, or not at all.
///
/// A transaction begins with the first row or record that is published, and ends with ``commit(within:)``, with
/// ``Publisher/abandon()``, or when a publisher that was made later for the same outbox is opened. An object that
/// reported any failure is abandoned and another one made: what had been published and not committed is then undone.
public protocol TransactionalPublisher: Publisher {
    /// Fences all publishers that were opened for this outbox before, and settles what they left open: afterwards it is
    /// decided whether their last transaction is committed. Blocks, at most for `limit`.
    ///
    /// - Throws: a failure of kind `transient` if the same call may be made again.
    func open(within limit: Duration) throws(PublishFailure)

    /// The last record that was committed for this outbox; nil if there is none. Blocks, at most for `limit`.
    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord?

    /// Puts the record into the open transaction. A report with this ticket follows, as for a row.
    func publish(_ record: DeliveryRecord, ticket: UInt64) -> PublishOutcome

    /// Commits. Every report must have been taken. Blocks, at most for `limit`.
    ///
    /// - Returns: false if the outcome is not known yet: make the same call again.
    func commit(within limit: Duration) throws(PublishFailure) -> Bool
}
