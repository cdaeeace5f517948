/// Writes the few protobuf fields that rich errors need; not worth a dependency on Google's generated types.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func integer(_ field: UInt64, _ value: Int64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(UInt64(bitPattern: value))
    }

    mutating func string(_ field: UInt64, _ value: String) {
        if !value.isEmpty { bytes(field, Array(value.utf8)) }
    }

    mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// The two fields of `google.protobuf.Any`.
    mutating func any(_ typeName: String, _ value: [UInt8]) {
        string(1, "type.googleapis.com/" + typeName)
        bytes(2, value)
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
