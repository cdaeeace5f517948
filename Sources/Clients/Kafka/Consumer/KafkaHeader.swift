/// A header of a consumed record.
public struct KafkaHeader: Sendable, Hashable {
    /// As the producer spelt it; names may repeat.
    public let name: String
    /// Nil for the null value, which is not the empty one.
    public let value: [UInt8]?
}

extension KafkaRecord {
    /// Hands over the names and values of all headers in their order, without a copy of their bytes; a null value has
    /// no address.
    public func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        storage.bytes.withUnsafeBytes { bytes in
            for index in entry.headers {
                let header = storage.headers[index]
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[header.name]),
                    header.value.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) } ?? .init(start: nil, count: 0))
            }
        }
    }
}
