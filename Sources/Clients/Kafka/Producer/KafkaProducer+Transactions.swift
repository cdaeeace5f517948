import CRDKafka
import Synchronization
import Threads

/// Transactions need `transactional.id`. Every call blocks, at most for its limit. Errors: after `isRetriable` make the
/// same call again; after `requiresAbort` abort and begin again; after `isFatal` (most often fenced) create a new
/// producer.
extension KafkaProducer {
    /// Registers the `transactional.id`: fences earlier producers of that id and ends the transactions that they left
    /// open. Call it once, before the first transaction.
    public func initTransactions(within limit: Duration) throws(KafkaError) {
        try KafkaError.check(
            object: rd_kafka_init_transactions(client.pointer, limit.pollMilliseconds), "init transactions")
    }

    /// Begins a transaction; the messages that follow belong to it. Never blocks.
    public func beginTransaction() throws(KafkaError) {
        try KafkaError.check(object: rd_kafka_begin_transaction(client.pointer), "begin transaction")
    }

    /// The reason why the open transaction can only be aborted; nil if it can go on. Ask only while a transaction is
    /// open: otherwise one begins.
    public var transactionFailure: KafkaError? {
        // librdkafka has no call for this question. It refuses to begin another transaction, and the error has the
        // answer.
        do {
            try beginTransaction()
            return nil
        } catch {
            return error.requiresAbort ? error : nil
        }
    }

    /// Commits. Read all delivery reports first, until the reader's `poll` returns 0: librdkafka would wait for
    /// messages whose report was not read.
    ///
    /// - Throws: `KafkaError`: `.wrongState` at once while there are unread reports.
    public func commitTransaction(within limit: Duration) throws(KafkaError) {
        let waiting = outstanding
        guard waiting == 0 else {
            throw KafkaError(.wrongState, "commit transaction: \(waiting) delivery reports are not read yet")
        }
        try KafkaError.check(
            object: rd_kafka_commit_transaction(client.pointer, limit.pollMilliseconds), "commit transaction")
    }
}

// MARK: - Aborting

extension KafkaProducer {
    /// Aborts: takes queued messages back, reads their reports and those of the messages in flight, and makes the
    /// broker drop the rest. Blocks, at most for `limit`, on the reader's thread.
    ///
    /// - Throws: `KafkaError`: of librdkafka, or a retriable `.fail` when no thread can be started.
    public func abortTransaction(_ reader: KafkaDeliveryReader, within limit: Duration) throws(KafkaError) {
        let deadline = ContinuousClock.now + limit
        let thread = try Self.abortThread()
        while true {
            let left = max(.zero, deadline - .now)
            let call = outstanding > 0 ? min(left, .milliseconds(KafkaLimits.abortCallMilliseconds)) : left
            do {
                return try abort(within: call, on: thread, reading: reader)
            } catch  where error.code == .timedOut && error.isRetriable && .now < deadline {
                // The call took back the messages that were queued when it began. A message that was in flight, and
                // that the broker did not accept, is queued again after that: another call takes it back.
            }
        }
    }

    private static func abortThread() throws(KafkaError) -> ThreadExecutor {
        do {
            return try ThreadExecutor(name: "kafka-abort")
        } catch {
            throw KafkaError(.fail, "abort transaction: \(error)", isRetriable: true)
        }
    }

    /// librdkafka waits until reports are read. So its call runs on a thread of its own, and this thread reads them.
    private func abort(
        within limit: Duration, on thread: ThreadExecutor, reading reader: KafkaDeliveryReader
    ) throws(KafkaError) {
        let call = AbortCall(client)
        thread.submit { call.run(within: limit) }
        while true {
            let outcome = call.outcome
            // The reports of a transaction that is undone are of no use.
            while reader.poll() > 0 {}
            if let outcome { return try outcome.get() }
            reader.wait(upTo: .milliseconds(KafkaLimits.abortCallMilliseconds))
        }
    }
}

/// One call, and its outcome.
private final class AbortCall: Sendable {
    private let client: ClientHandle
    private let result = Mutex<Result<Void, KafkaError>?>(nil)

    init(_ client: ClientHandle) { self.client = client }

    func run(within limit: Duration) {
        let outcome = Result { () throws(KafkaError) in
            try KafkaError.check(
                object: rd_kafka_abort_transaction(client.pointer, limit.pollMilliseconds), "abort transaction")
        }
        result.withLock { $0 = outcome }
        client.wake.wake()
    }

    /// nil while it runs.
    var outcome: Result<Void, KafkaError>? { result.withLock { $0 } }
}
