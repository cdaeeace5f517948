extension KafkaConfiguration {
    /// Defaults of every producer: nothing lost, nothing reordered, placed like Java's clients, memory bounded.
    func producerConfiguration() -> KafkaConfiguration {
        var result = commonConfiguration()
        result.setFallback("enable.idempotence", "true")
        result.setFallback("acks", "all")
        // The partitioner of the Java clients: a key keeps its partition when another tool writes to the topic.
        result.setFallback("partitioner", "murmur2_random")
        result.setFallback("compression.type", "lz4")
        // While requests are in flight messages gather by themselves: waiting costs a lone message its latency (0.05 ms
        // against 1.2 ms with 1) and gained no throughput.
        result.setFallback("linger.ms", "0")
        result.setFallback("queue.buffering.max.messages", String(KafkaLimits.producerQueueMessages))
        result.setFallback("queue.buffering.max.kbytes", String(KafkaLimits.producerQueueKilobytes))
        if result["transactional.id"] == nil {
            // A message is retried for as long as the brokers are away: giving one up would let its successors
            // overtake.
            result.setFallback("message.timeout.ms", "0")
        }
        return result
    }

    /// Defaults of every consumer: it never guesses an offset and stores none by itself, memory bounded.
    func consumerConfiguration() -> KafkaConfiguration {
        var result = commonConfiguration()
        result.setFallback("enable.auto.commit", "false")
        result.setFallback("enable.auto.offset.store", "false")
        result.setFallback("auto.offset.reset", "error")
        result.setFallback("isolation.level", "read_committed")
        // Eager: an application that keeps its own offsets re-reads them all at each assignment, so that what it holds
        // is exactly what the last assignment said; with one topic and few members the pause is one round trip.
        result.setFallback("partition.assignment.strategy", "range,roundrobin")
        result.setFallback("queued.max.messages.kbytes", String(KafkaLimits.consumerQueueKilobytes))
        result.setFallback("queued.min.messages", "10000")
        result.setFallback("fetch.max.bytes", String(KafkaLimits.bytesPerBatch))
        return result
    }

    private func commonConfiguration() -> KafkaConfiguration {
        var result = self
        result.setFallback("client.id", "transactional-outbox")
        result.setFallback("socket.nagle.disable", "true")
        result.setFallback("socket.keepalive.enable", "true")
        result.setFallback("reconnect.backoff.max.ms", "1000")
        // Logs reach the event sink through the queue, on the thread that polls.
        result["log.queue"] = "true"
        return result
    }
}
