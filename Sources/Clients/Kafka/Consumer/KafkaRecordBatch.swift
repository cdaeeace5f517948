/// Consumed records, in order within each partition. All bytes are in one buffer, copied out of librdkafka, so a batch
/// costs a handful of allocations whatever its length, and may be kept or sent elsewhere.
public struct KafkaRecordBatch: Sendable, RandomAccessCollection {
    var storage: Storage

    public var startIndex: Int { 0 }
    public var endIndex: Int { storage.entries.count }
    public subscript(position: Int) -> KafkaRecord { KafkaRecord(storage: storage, entry: storage.entries[position]) }

    /// Bytes of keys, values and headers.
    public var byteCount: Int { storage.bytes.count }

    final class Storage: Sendable {
        let bytes: [UInt8]
        let entries: [Entry]
        let headers: [HeaderEntry]
        let topics: [String]

        init(bytes: [UInt8], entries: [Entry], headers: [HeaderEntry], topics: [String]) {
            self.bytes = bytes
            self.entries = entries
            self.headers = headers
            self.topics = topics
        }
    }

    struct Entry: Sendable {
        var topic: Int
        var partition: Int32
        var offset: Int64
        var timestamp: Int64
        var key: Range<Int>?
        var value: Range<Int>?
        var headers: Range<Int>
    }

    struct HeaderEntry: Sendable {
        var name: Range<Int>
        var value: Range<Int>?
    }
}
