public import Values

/// A one-dimensional array parameter, written element by element into one growing buffer in Postgres's binary format.
///
/// A batch of rows goes to the server as one array per column; building it this way costs no allocation per element.
public struct PostgresArray {
    public private(set) var count = 0
    let elementType: PostgresType
    private var buffer: [UInt8]
    private var hasNull = false

    /// Dimensions, null flag, element type, length and lower bound, four bytes each.
    private static let headerLength = 20

    /// - Parameter reserving: how many elements are expected.
    public init(_ elementType: PostgresType, reserving elements: Int = 0) {
        self.elementType = elementType
        buffer = []
        buffer.reserveCapacity(Self.headerLength + elements * 24)
        buffer.append(contentsOf: repeatElement(0, count: Self.headerLength))
    }

    public mutating func append(_ value: Int64) {
        if elementType == .int4 {
            appendElement(Int32(clamping: value))
        } else {
            appendElement(value)
        }
    }

    public mutating func append(microsecondsSince1970 value: Int64) {
        appendElement(value &- PostgresEpoch.microsecondsAfter1970)
    }

    public mutating func append(_ value: Bool) {
        count += 1
        appendInteger(Int32(1))
        buffer.append(value ? 1 : 0)
    }

    public mutating func append(_ value: UUIDBytes) {
        count += 1
        appendInteger(Int32(16))
        appendInteger(value.high)
        appendInteger(value.low)
    }

    public mutating func append(_ value: String) {
        var value = value
        value.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    public mutating func append(_ value: [UInt8]) {
        value.withUnsafeBytes { append($0) }
    }

    public mutating func append(_ value: UnsafeRawBufferPointer) {
        count += 1
        appendInteger(Int32(value.count))
        buffer.append(contentsOf: value)
    }

    public mutating func appendNull() {
        count += 1
        hasNull = true
        appendInteger(Int32(-1))
    }

    /// Empties the array and keeps its memory for the next batch.
    public mutating func removeAll() {
        buffer.removeLast(buffer.count - Self.headerLength)
        count = 0
        hasNull = false
    }

    private mutating func appendElement<Value: FixedWidthInteger>(_ value: Value) {
        count += 1
        appendInteger(Int32(MemoryLayout<Value>.size))
        appendInteger(value)
    }

    private mutating func appendInteger<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.bigEndian) { buffer.append(contentsOf: $0) }
    }

    /// The finished bytes with the header filled in.
    func encoded() -> [UInt8] {
        var bytes = buffer
        let header: [Int32] = [
            count == 0 ? 0 : 1, hasNull ? 1 : 0, Int32(bitPattern: elementType.oid), Int32(count), 1,
        ]
        bytes.withUnsafeMutableBytes { target in
            for (index, field) in header.enumerated() {
                target.storeBytes(of: field.bigEndian, toByteOffset: index * 4, as: Int32.self)
            }
        }
        // An empty array has no dimensions: the header ends after the element type.
        if count == 0 { bytes.removeLast(bytes.count - 12) }
        return bytes
    }
}
