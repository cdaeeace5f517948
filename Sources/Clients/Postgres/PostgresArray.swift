public import Values

/// A one-dimensional array parameter, written element by element into one growing buffer in Postgres's binary format.
///
/// A batch of rows goes to the server as one array per column; building it this way costs no allocation per element.
public struct PostgresArray {
    /// Elements so far, NULLs included.
    public private(set) var count = 0
    let elementType: PostgresType
    private var buffer: [UInt8]
    private var hasNull = false

    /// Dimensions, null flag, element type, length and lower bound, four bytes each.
    private static let headerLength = 20

    /// An empty array.
    ///
    /// - Parameters:
    ///   - elementType: every element must be of this type; the server refuses the array otherwise.
    ///   - reserving: the number of expected elements.
    public init(_ elementType: PostgresType, reserving elements: Int = 0) {
        self.elementType = elementType
        buffer = []
        buffer.reserveCapacity(Self.headerLength + elements * 24)
        buffer.append(contentsOf: repeatElement(0, count: Self.headerLength))
    }

    /// An element of type `int8`, or of `int4` clamped to its range.
    public mutating func append(_ value: Int64) {
        if elementType == .int4 {
            appendElement(Int32(clamping: value))
        } else {
            appendElement(value)
        }
    }

    /// An element of type `timestamptz`.
    public mutating func append(microsecondsSince1970 value: Int64) {
        appendElement(value &- PostgresEpoch.microsecondsAfter1970)
    }

    /// An element of type `bool`.
    public mutating func append(_ value: Bool) {
        appendElement(UInt8(value ? 1 : 0))
    }

    /// An element of type `uuid`.
    public mutating func append(_ value: UUIDBytes) {
        appendElement(byteCount: 16) { bytes in
            bytes.storeBytes(of: value.high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: value.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }

    /// An element of type `text`.
    public mutating func append(_ value: String) {
        var value = value
        value.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// An element of type `bytea`.
    public mutating func append(_ value: [UInt8]) {
        value.withUnsafeBytes { append($0) }
    }

    /// An element of type `bytea` or `text`, copied now.
    public mutating func append(_ value: UnsafeRawBufferPointer) {
        appendElement(byteCount: value.count) { $0.copyMemory(from: value) }
    }

    /// A NULL of any type.
    public mutating func appendNull() {
        count += 1
        hasNull = true
        withUnsafeBytes(of: Int32(-1).bigEndian) { buffer.append(contentsOf: $0) }
    }

    /// Empties the array and keeps its memory for the next batch.
    public mutating func removeAll() {
        assert(buffer.count >= Self.headerLength, "the header stays")
        buffer.removeLast(buffer.count - Self.headerLength)
        count = 0
        hasNull = false
    }

    private mutating func appendElement<Value: FixedWidthInteger>(_ value: Value) {
        appendElement(byteCount: MemoryLayout<Value>.size) { $0.storeBytes(of: value.bigEndian, as: Value.self) }
    }

    /// Appends the length of an element and its bytes, which `fill` writes: together, because each append to an array
    /// costs more than the bytes.
    @inline(__always)
    private mutating func appendElement(byteCount: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        count += 1
        withUnsafeTemporaryAllocation(byteCount: 4 + byteCount, alignment: 4) { element in
            element.storeBytes(of: Int32(byteCount).bigEndian, as: Int32.self)
            fill(UnsafeMutableRawBufferPointer(rebasing: element[4...]))
            buffer.append(contentsOf: UnsafeRawBufferPointer(element))
        }
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
