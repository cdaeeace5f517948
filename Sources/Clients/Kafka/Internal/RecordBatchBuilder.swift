import CRDKafka
import Glibc

/// Gathers consumed messages into one batch, copying their bytes.
struct RecordBatchBuilder {
    private var bytes: [UInt8] = []
    private var entries: [KafkaRecordBatch.Entry] = []
    private var headers: [KafkaRecordBatch.HeaderEntry] = []
    private var topics: [String] = []
    /// The topic object of the last message: records of one topic mostly follow each other.
    private var lastTopic: OpaquePointer?
    private var lastTopicIndex = 0

    /// Records so far.
    var count: Int { entries.count }
    /// Bytes of keys, values and headers so far.
    var byteCount: Int { bytes.count }

    /// Copies a message; librdkafka may free it afterwards.
    mutating func append(_ message: UnsafePointer<rd_kafka_message_t>) {
        let topic = topicIndex(message.pointee.rkt)
        let headerStart = headers.count
        appendHeaders(of: message)
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &kind)
        entries.append(
            KafkaRecordBatch.Entry(
                topic: topic, partition: message.pointee.partition, offset: message.pointee.offset,
                timestamp: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp,
                key: copy(message.pointee.key, message.pointee.key_len),
                value: copy(message.pointee.payload, message.pointee.len),
                headers: headerStart..<headers.count))
    }

    /// The records so far.
    func build() -> KafkaRecordBatch {
        KafkaRecordBatch(
            storage: KafkaRecordBatch.Storage(bytes: bytes, entries: entries, headers: headers, topics: topics))
    }

    private mutating func appendHeaders(of message: UnsafePointer<rd_kafka_message_t>) {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rdk_header_at(list, index, &name, &value, &size) != 0, let nameBytes = name {
            guard let nameRange = copy(UnsafeRawPointer(nameBytes), strlen(nameBytes)) else { return }
            headers.append(KafkaRecordBatch.HeaderEntry(name: nameRange, value: copy(value, size)))
            index += 1
        }
    }

    private mutating func copy(_ pointer: UnsafeRawPointer?, _ size: Int) -> Range<Int>? {
        guard let pointer else { return nil }
        let start = bytes.count
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: pointer, count: size))
        return start..<bytes.count
    }

    private mutating func topicIndex(_ topic: OpaquePointer?) -> Int {
        if let topic, topic == lastTopic { return lastTopicIndex }
        let name = topic.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
        lastTopic = topic
        if let known = topics.firstIndex(of: name) {
            lastTopicIndex = known
        } else {
            topics.append(name)
            lastTopicIndex = topics.count - 1
        }
        return lastTopicIndex
    }
}
