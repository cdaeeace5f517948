import CRDKafka
import Synchronization
import Threads

extension KafkaProducer {
    /// Aborts: takes back what is queued, reads the reports of it and of what is in flight, and makes the broker forget
    /// the rest. Blocks.
    public func abortTransaction(_ reader: KafkaDeliveryReader, within limit: Duration) throws(KafkaError) {
        let deadline = ContinuousClock.now + limit
        let thread = ThreadExecutor(name: "kafka-abort")
        while true {
            let left = max(.zero, deadline - .now)
            let call = outstanding > 0 ? min(left, .milliseconds(KafkaLimits.abortCallMilliseconds)) : left
            do {
                return try abort(within: call, on: thread, reading: reader)
            } catch  where error.code == .timedOut && error.isRetriable && .now < deadline {
                // It took back what was queued when it began. A message that was in flight, and that the broker did not
                // take, is queued again behind it: another call takes it back.
            }
        }
    }

    /// librdkafka waits for reports to be read: so it waits on a thread of its own, and this one reads them.
    private func abort(
        within limit: Duration, on thread: ThreadExecutor, reading reader: KafkaDeliveryReader
    ) throws(KafkaError) {
        let call = AbortCall(client)
        thread.submit { call.run(within: limit) }
        while true {
            let outcome = call.outcome
            // What reports say of a transaction that is undone is of no use.
            while reader.poll() > 0 {}
            if let outcome { return try outcome.get() }
            reader.wait(upTo: .milliseconds(KafkaLimits.abortCallMilliseconds))
        }
    }
}

/// One call, and what became of it.
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
