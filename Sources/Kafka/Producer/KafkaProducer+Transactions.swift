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

    /// Aborts: takes back what is queued, reads the reports of it and of what is in flight, and makes the broker forget
    /// the rest.
    public func abortTransaction(_ reader: KafkaDeliveryReader, within limit: Duration) throws(KafkaError) {
        let deadline = ContinuousClock.now + limit
        if outstanding > 0 {
            // librdkafka takes back the queue itself (`purge` would leave a hole in the sequence numbers), then waits
            // for reports that only this thread reads: so the first call is cut short, and the second one resumes it.
            if try abort(within: .milliseconds(1), orCutShort: true) { return }
            guard flush(reader, within: deadline - .now, { _ in }) else {
                throw KafkaError(.timedOut, "abort transaction: messages could not be taken back in time")
            }
        }
        _ = try abort(within: deadline - .now, orCutShort: false)
    }

    private func abort(within limit: Duration, orCutShort: Bool) throws(KafkaError) -> Bool {
        do {
            try KafkaError.check(
                object: rd_kafka_abort_transaction(client.pointer, limit.pollMilliseconds), "abort transaction")
            return true
        } catch {
            if orCutShort, error.code == .timedOut { return false }
            throw error
        }
    }
}
