import Glibc

/// Consumed records, in order within each partition.
///
/// All bytes are in one buffer, copied out of librdkafka: a batch of any length costs a few allocations, and may be
/// kept or sent elsewhere.
public struct KafkaRecordBatch: Sendable, RandomAccessCollection {
    var storage: Storage

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of records.
    public var endIndex: Int { storage.entries.count }
    /// The record at an index from 0; a view that keeps the batch's buffer alive.
    public subscript(position: Int) -> KafkaRecord { KafkaRecord(storage: storage, entry: storage.entries[position]) }

    /// Bytes of keys, values and headers.
    public var byteCount: Int { storage.bytes.count }

    /// The shared content of a batch and its records.
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

    /// A record: ranges of ``Storage/bytes``, and of ``Storage/headers``.
    struct Entry: Sendable {
        /// An index of ``Storage/topics``.
        var topic: Int
        var partition: Int32
        var offset: Int64
        /// Milliseconds since 1970, or -1.
        var timestamp: Int64
        var key: Range<Int>?
        var value: Range<Int>?
        var headers: Range<Int>
    }

    /// A header: ranges of ``Storage/bytes``.
    struct HeaderEntry: Sendable {
        var name: Range<Int>
        var value: Range<Int>?
    }
}

/// One consumed record: a view into its batch. Slices keep the batch's buffer alive.
public struct KafkaRecord: Sendable {
    let storage: KafkaRecordBatch.Storage
    let entry: KafkaRecordBatch.Entry

    /// The topic's name.
    public var topic: String { storage.topics[entry.topic] }
    /// The partition's index.
    public var partition: Int32 { entry.partition }
    /// The offset in the partition.
    public var offset: Int64 { entry.offset }
    /// Milliseconds since 1970, or nil if the record carries none.
    public var timestampMilliseconds: Int64? { entry.timestamp < 0 ? nil : entry.timestamp }

    /// Nil for no key, which is not the empty key.
    public var key: ArraySlice<UInt8>? { entry.key.map { storage.bytes[$0] } }
    /// Nil for a tombstone, which is not the empty value.
    public var value: ArraySlice<UInt8>? { entry.value.map { storage.bytes[$0] } }
    /// The key as text, with replacement characters where it is not UTF-8.
    public var keyText: String? { key.map { String(decoding: $0, as: UTF8.self) } }

    /// The last value of a header, by Kafka's rule for repeated names; nil if absent or null.
    public func header(_ name: StaticString) -> ArraySlice<UInt8>? {
        for index in entry.headers.reversed() where isNamed(index, name) {
            return storage.headers[index].value.map { storage.bytes[$0] }
        }
        return nil
    }

    /// The header as text, with replacement characters where it is not UTF-8.
    public func headerText(_ name: StaticString) -> String? {
        header(name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// All headers in their order.
    public var headers: [KafkaHeader] {
        entry.headers.map { index in
            let header = storage.headers[index]
            return KafkaHeader(
                name: String(decoding: storage.bytes[header.name], as: UTF8.self),
                value: header.value.map { Array(storage.bytes[$0]) })
        }
    }

    private func isNamed(_ index: Int, _ name: StaticString) -> Bool {
        let range = storage.headers[index].name
        guard range.count == name.utf8CodeUnitCount else { return false }
        // Compared for every header of every record: through the slice's iterator this was most of a consumer's time.
        return name.withUTF8Buffer { name in
            storage.bytes.withUnsafeBytes { bytes in
                guard let start = name.baseAddress, let other = bytes.baseAddress else { return name.isEmpty }
                return memcmp(start, other + range.lowerBound, name.count) == 0
            }
        }
    }
}
