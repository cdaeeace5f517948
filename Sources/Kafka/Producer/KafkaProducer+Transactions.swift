internal import CRDKafka

/// Transactions need `transactional.id`. Every call blocks up to its limit. On an error: `isRetriable` means make the
/// same call again, `requiresAbort` means abort and start over, `isFatal` (fenced, above all) means this producer is
/// done for.
extension KafkaProducer {
    /// Registers the `transactional.id`: fences earlier producers of that id and settles what they left open. Once.
    public func initTransactions(within limit: Duration) throws(KafkaError) {
        try KafkaError.check(
            object: rd_kafka_init_transactions(client.pointer, limit.pollMilliseconds), "init transactions")
    }

    public func beginTransaction() throws(KafkaError) {
        try KafkaError.check(object: rd_kafka_begin_transaction(client.pointer), "begin transaction")
    }

    /// Commits. Read all delivery reports first, until the reader's `poll` returns 0: librdkafka waits for messages whose
    /// report nobody has read, so this refuses at once while there are any.
    public func commitTransaction(within limit: Duration) throws(KafkaError) {
        let waiting = outstanding
        guard waiting == 0 else {
            throw KafkaError(.wrongState, "commit transaction: \(waiting) delivery reports are not read yet")
        }
        try KafkaError.check(
            object: rd_kafka_commit_transaction(client.pointer, limit.pollMilliseconds), "commit transaction")
    }

    /// Aborts: takes back what is queued or in flight, reads its reports, and makes the broker forget the rest.
    public func abortTransaction(_ reader: KafkaDeliveryReader, within limit: Duration) throws(KafkaError) {
        let start = ContinuousClock.now
        try purge([.queued, .inFlight])
        guard flush(reader, within: limit, { _ in }) else {
            throw KafkaError(.timedOut, "abort transaction: messages could not be taken back in time")
        }
        let left = limit - (ContinuousClock.now - start)
        try KafkaError.check(
            object: rd_kafka_abort_transaction(client.pointer, left.pollMilliseconds), "abort transaction")
    }
}
