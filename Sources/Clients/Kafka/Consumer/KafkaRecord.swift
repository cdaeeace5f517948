/// One consumed record: a view into its batch. Slices keep the batch's buffer alive.
public struct KafkaRecord: Sendable {
    let storage: KafkaRecordBatch.Storage
    let entry: KafkaRecordBatch.Entry

    public var topic: String { storage.topics[entry.topic] }
    public var partition: Int32 { entry.partition }
    public var offset: Int64 { entry.offset }
    /// Milliseconds since 1970, or nil if the record carries none.
    public var timestampMilliseconds: Int64? { entry.timestamp < 0 ? nil : entry.timestamp }

    /// Nil for no key, which is not the empty key.
    public var key: ArraySlice<UInt8>? { entry.key.map { storage.bytes[$0] } }
    /// Nil for a tombstone, which is not the empty value.
    public var value: ArraySlice<UInt8>? { entry.value.map { storage.bytes[$0] } }
    /// The key as text, with replacement characters where it is not UTF-8.
    public var keyText: String? { key.map { String(decoding: $0, as: UTF8.self) } }

    /// The last value of a header, as Kafka's rule for repeated names; nil if absent or null.
    public func header(_ name: StaticString) -> ArraySlice<UInt8>? {
        for index in entry.headers.reversed() where isNamed(index, name) {
            return storage.headers[index].value.map { storage.bytes[$0] }
        }
        return nil
    }

    /// The header as text.
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
        return name.withUTF8Buffer { $0.elementsEqual(storage.bytes[range]) }
    }
}
