/// Reads a `text[]` in Postgres's binary format, element by element. Malformed bytes end it; a NULL element reads as
/// empty.
struct TextArrayReader: IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 20
    private var left: Int

    /// The array's header is the number of dimensions, a flag, the element type, and per dimension its length and lower
    /// bound.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        left = bytes.count >= 20 && Self.integer(bytes, 0) == 1 ? Self.integer(bytes, 12) : 0
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard left > 0, offset + 4 <= bytes.count else { return nil }
        let length = max(0, Self.integer(bytes, offset))
        offset += 4
        guard offset + length <= bytes.count else { return nil }
        defer { offset += length }
        left -= 1
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
}
