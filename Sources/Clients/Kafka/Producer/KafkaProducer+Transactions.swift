import CRDKafka

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

    /// Why the transaction can only be aborted; nil if it can go on. Only while one is open: otherwise one begins.
    public var transactionFailure: KafkaError? {
        // librdkafka has no call that asks. Beginning another is refused either way, and tells.
        do {
            try beginTransaction()
            return nil
        } catch {
            return error.requiresAbort ? error : nil
        }
    }

    /// Commits. Read all delivery reports first, until the reader's `poll` returns 0: librdkafka waits for messages
    /// whose report nobody has read, so this refuses at once while there are any.
    public func commitTransaction(within limit: Duration) throws(KafkaError) {
        let waiting = outstanding
        guard waiting == 0 else {
            throw KafkaError(.wrongState, "commit transaction: \(waiting) delivery reports are not read yet")
        }
        try KafkaError.check(
            object: rd_kafka_commit_transaction(client.pointer, limit.pollMilliseconds), "commit transaction")
    }
}
