public import Threads

/// Where rows go. Kafka in production, memory in tests.
///
/// Used from one thread. Per key it keeps the order in which rows were accepted; each accepted row is answered by
/// exactly one report, in whatever order. An object that reported a failure of kind `client` is dropped and another
/// made.
public protocol Publisher: AnyObject {
    /// Takes a row, copying what it needs, without blocking.
    func publish(_ row: OutboxRow, ticket: UInt64) -> PublishOutcome

    /// Hands over the reports that have arrived, without blocking: the ticket, and the failure if there was one.
    func takeReports(_ body: (UInt64, PublishFailure?) -> Void)

    /// Gives up what is queued, as far as it has not been sent. The object is not used afterwards.
    func abandon()
}

/// Makes publishers, each new one with an empty queue.
public protocol PublisherFactory: Sendable {
    /// - Parameter wake: rung whenever reports have arrived.
    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher

    /// The same for exactly-once delivery. Nothing is published before it is opened.
    func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher
}

extension PublisherFactory {
    public func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher {
        throw OutboxError(.configuration, "this publisher has no transactions, so it cannot deliver exactly once")
    }
}
