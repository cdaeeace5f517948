/// The fields of a received header block, kept as the bytes that came: nobody pays for a String that nobody reads.
///
/// All fields sit in one array, each as two 32-bit lengths, the name and the value.
public struct HTTP2Headers: Sendable {
    @usableFromInline
    let storage: [UInt8]

    /// How many fields there are.
    public let count: Int

    /// Of bytes laid out so; `FieldGatherer` does.
    init(storage: [UInt8], count: Int) {
        self.storage = storage
        self.count = count
    }

    /// Makes headers of pairs; names must be lower case. For tests and for synthetic requests.
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
        storage.withUnsafeBytes { bytes in
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
            if found == nil, candidate.matches(name) { found = String(decoding: value, as: UTF8.self) }
        }
        return found
    }

    /// All values of that name (any case), in order.
    public func values(of name: String) -> [String] {
        let wanted = Array(name.lowercased().utf8)
        var found: [String] = []
        forEach { candidate, value in
            if candidate.elementsEqual(wanted) { found.append(String(decoding: value, as: UTF8.self)) }
        }
        return found
    }

    /// All fields, pseudo-header fields included, as Strings.
    public var all: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(count)
        forEach { name, value in
            fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return fields
    }
}
