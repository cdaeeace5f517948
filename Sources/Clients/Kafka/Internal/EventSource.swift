import CRDKafka
import Threads

/// Turns librdkafka's consumer events into `KafkaConsumerEvent`s, gathering neighbouring records.
struct EventSource {
    let client: ClientHandle
    /// An event already taken from the queue, to be handled first.
    var pending: OpaquePointer?

    /// The next event; nil when the queue is empty. Records that follow each other become one batch.
    mutating func next(maximumRecords: Int, maximumBytes: Int) -> KafkaConsumerEvent? {
        var builder = RecordBatchBuilder()
        var otherEvents = 0
        while builder.count < maximumRecords, builder.byteCount < maximumBytes {
            guard otherEvents < KafkaLimits.eventsPerPoll else {
                // Events may be left, and the caller waits after an answer of nil.
                client.wake.wake()
                break
            }
            guard let event = takeEvent() else { break }
            assert(pending == nil, "one event at a time is put back")
            if appendRecord(event, to: &builder) {
                rd_kafka_event_destroy(event)
                continue
            }
            if builder.count > 0 {
                // The records that were read before this event are handed over before it.
                pending = event
                break
            }
            defer { rd_kafka_event_destroy(event) }
            if let translated = translate(event) { return translated }
            otherEvents += 1
        }
        return builder.count > 0 ? .records(builder.build()) : nil
    }

    /// As ``next(maximumRecords:maximumBytes:)``, with records that are not copied, and no event that is put back.
    func scan(upTo count: Int, _ body: (borrowing KafkaRecordView) throws -> Void) rethrows -> KafkaConsumer.Scanned {
        assert(pending == nil, "a consumer that scans does not poll")
        var (found, bytes) = (0, 0)
        defer { client.brake?.took(records: found, bytes: bytes) }
        while found < count {
            guard let event = client.nextEvent() else { break }
            defer { rd_kafka_event_destroy(event) }
            guard let message = record(of: event) else {
                if let other = translate(event) { return .event(other) }
                continue
            }
            found += 1
            bytes += message.pointee.len + message.pointee.key_len
            try body(KafkaRecordView(message))
        }
        return found > 0 ? .records(found) : .nothing
    }

    private mutating func takeEvent() -> OpaquePointer? {
        if let event = pending {
            pending = nil
            return event
        }
        return client.nextEvent()
    }

    private func appendRecord(_ event: OpaquePointer, to builder: inout RecordBatchBuilder) -> Bool {
        guard let message = record(of: event) else { return false }
        builder.append(message)
        return true
    }

    /// The record of an event; nil if it is of another kind.
    private func record(of event: OpaquePointer) -> UnsafePointer<rd_kafka_message_t>? {
        guard rd_kafka_event_type(event) == rdk_event_fetch,
            rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let message = rd_kafka_event_message_next(event), message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return nil }
        return message
    }

    private func translate(_ event: OpaquePointer) -> KafkaConsumerEvent? {
        switch rd_kafka_event_type(event) {
        case rdk_event_rebalance: return rebalance(event)
        case rdk_event_offset_commit: return commit(event)
        case rdk_event_error: return clientError(event)
        default:
            _ = client.dispatch(event)
            return nil
        }
    }

    private func rebalance(_ event: OpaquePointer) -> KafkaConsumerEvent {
        let partitions = PartitionList.partitions(rd_kafka_event_topic_partition_list(event))
        if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS { return .assigned(partitions) }
        return .revoked(partitions, lost: rd_kafka_assignment_lost(client.pointer) != 0)
    }

    private func commit(_ event: OpaquePointer) -> KafkaConsumerEvent? {
        let code = KafkaErrorCode(rd_kafka_event_error(event))
        if code == .noOffset { return nil }
        let offsets = PartitionList.offsets(rd_kafka_event_topic_partition_list(event))
        return .committed(offsets, code == .none ? nil : KafkaError(code, "commit: \(code.explanation)"))
    }

    /// Errors of partitions come as error events, too. The sink gets each of the others; the caller gets those that it
    /// must handle.
    private func clientError(_ event: OpaquePointer) -> KafkaConsumerEvent? {
        let code = KafkaErrorCode(rd_kafka_event_error(event))
        let message = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? code.explanation
        if let event = partitionError(event, code, message) { return event }
        _ = client.dispatch(event)
        if rd_kafka_event_error_is_fatal(event) != 0, let fatal = client.fatalError { return .failed(fatal) }
        return code.disposition == .transient && code != .pollIntervalExceeded
            ? nil : .failed(KafkaError(code, message))
    }

    private func partitionError(
        _ event: OpaquePointer, _ code: KafkaErrorCode, _ message: String
    ) -> KafkaConsumerEvent? {
        guard let entry = rd_kafka_event_topic_partition(event) else { return nil }
        defer { rd_kafka_topic_partition_destroy(entry) }
        let partition = PartitionList.partition(entry.pointee)
        if partition.topic.isEmpty { return nil }
        if code == .endOfPartition { return .reachedEnd(partition, offset: entry.pointee.offset) }
        return .partitionFailed(partition, KafkaError(code, "\(partition): \(message)"))
    }
}
