/// Keeps the record of one outbox in Kafka where rows are delivered at least once: how far publishing is, and on which
/// timeline. With exactly-once delivery the record is part of each transaction, and there is no keeper.
///
/// Used on one thread at a time.
public protocol RecordKeeper: AnyObject {
    /// The newest record of the outbox, whoever wrote it; nil if there is none. Blocks, at most for `limit`.
    ///
    /// - Throws: a failure of kind `transient` if the same call may succeed later.
    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord?

    /// Writes the record; returns when it is acknowledged. Blocks, at most for `limit`.
    func write(_ record: DeliveryRecord, within limit: Duration) throws(PublishFailure)

    /// Nothing is asked for a while: gives up what is not needed meanwhile. Can take a second.
    func rest()
}

extension RecordKeeper {
    /// There is nothing to give up.
    public func rest() {}
}
