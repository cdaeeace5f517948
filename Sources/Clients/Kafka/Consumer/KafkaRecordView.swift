import CRDKafka
import Glibc

/// A record in librdkafka's memory, for readers of many: nothing is copied. It ends with the call that hands it out.
public struct KafkaRecordView: ~Copyable {
    private let message: UnsafePointer<rd_kafka_message_t>

    init(_ message: UnsafePointer<rd_kafka_message_t>) { self.message = message }

    /// The partition's index.
    public var partition: Int32 { message.pointee.partition }
    /// The offset in the partition.
    public var offset: Int64 { message.pointee.offset }

    /// Milliseconds since 1970, or nil if the record carries none.
    public var timestampMilliseconds: Int64? {
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &kind)
        return kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp
    }

    /// Empty for no key.
    public var key: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: message.pointee.key, count: message.pointee.key == nil ? 0 : message.pointee.key_len)
    }

    /// Nil for a tombstone, which is not the empty value.
    public var value: UnsafeRawBufferPointer? {
        message.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.len) }
    }

    /// Hands over the names and values of all headers in their order; a null value has no address.
    public func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rdk_header_at(list, index, &name, &value, &size) != 0, let text = name {
            body(
                UnsafeRawBufferPointer(start: text, count: strlen(text)),
                UnsafeRawBufferPointer(start: value, count: size))
            index += 1
        }
    }
}
