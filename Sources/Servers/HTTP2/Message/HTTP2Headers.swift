public import Glibc

/// The fields of a received header block, kept as the bytes that came: a String is made only for a field that is read.
///
/// All fields are in one block of memory, each as two 32-bit lengths, the name and the value.
public struct HTTP2Headers: @unchecked Sendable {
    // Sendable because the bytes do not change after init. The block's header is the number of its bytes. It is no
    // array, because an array that grows from nothing costs twice as much.
    @usableFromInline
    let storage: ManagedBuffer<Int, UInt8>?

    /// The number of fields, pseudo-header fields included.
    public let count: Int

    /// No fields.
    init() {
        storage = nil
        count = 0
    }

    /// Copies bytes in the layout above, as `FieldGatherer` makes them.
    init(copying bytes: UnsafeRawBufferPointer, count: Int) {
        let storage = ManagedBuffer<Int, UInt8>.create(minimumCapacity: bytes.count) { _ in bytes.count }
        storage.withUnsafeMutablePointerToElements { elements in
            if let base = bytes.baseAddress { memcpy(elements, base, bytes.count) }
        }
        self.storage = storage
        self.count = count
    }

    /// Makes headers of pairs of a lower-case name and a value. For tests and for requests that came another way.
    public init(_ fields: [(String, String)]) {
        var gatherer = FieldGatherer()
        for (name, value) in fields {
            Array(name.utf8).withUnsafeBytes { name in
                Array(value.utf8).withUnsafeBytes { gatherer.append(name: name, value: $0) }
            }
        }
        self = gatherer.take()
    }

    /// Calls `body` with each field's name and value; the pointers are valid during the call only.
    @inlinable @inline(__always)
    public func forEach(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        storage?.withUnsafeMutablePointers { length, elements in
            let bytes = UnsafeRawBufferPointer(start: elements, count: length.pointee)
            var index = 0
            while index < bytes.count {
                let nameLength = Int(bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
                let valueLength = Int(bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
                let nameStart = index + 8
                let valueStart = nameStart + nameLength
                index = valueStart + valueLength
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[nameStart..<valueStart]),
                    UnsafeRawBufferPointer(rebasing: bytes[valueStart..<index]))
            }
        }
    }

    /// The first field of that name (lower case), as a String; invalid UTF-8 is repaired.
    public func first(_ name: StaticString) -> String? {
        var found: String?
        forEach { candidate, value in
            if candidate.count == name.utf8CodeUnitCount, found == nil, candidate.matches(name) { found = String(decoding: value, as: UTF8.self) }
        }
        return found
    }

    /// All fields of that name (lower case), as Strings, in order; invalid UTF-8 is repaired.
    public func values(_ name: StaticString) -> [String] {
        var found: [String] = []
        forEach { candidate, value in
            if candidate.matches(name) { found.append(String(decoding: value, as: UTF8.self)) }
        }
        return found
    }

    /// All fields as Strings, in order, pseudo-header fields included; invalid UTF-8 is repaired.
    public var all: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(count)
        forEach { name, value in
            fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return fields
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are exactly those of the literal.
    @inlinable @inline(__always)
    package func matches(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let baseAddress else { return count == text.utf8CodeUnitCount }
        return memcmp(baseAddress, text.utf8Start, count) == 0
    }

    /// Whether these bytes begin with those of the literal.
    @inlinable @inline(__always)
    package func starts(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount, let baseAddress else { return text.utf8CodeUnitCount == 0 }
        return memcmp(baseAddress, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
