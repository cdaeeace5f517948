import Glibc

/// Gathers the fields of one header block, in memory that the next block uses again. `take` copies them once.
///
/// Holds at most `HTTP2Limits.headerListBytes` and the lengths: the session appends nothing beyond that limit.
package struct FieldGatherer: ~Copyable {
    private var bytes: UnsafeMutableRawPointer
    private var capacity = 1_024
    private var length = 0
    private var count = 0

    package init() {
        bytes = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit {
        bytes.deallocate()
    }

    /// Appends a field as `HTTP2Headers` keeps it: two 32-bit lengths, the name, the value.
    @inline(__always)
    package mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let end = length + 8 + name.count + value.count
        if end > capacity { grow(to: end) }
        let target = bytes + length
        target.storeBytes(of: UInt32(truncatingIfNeeded: name.count), as: UInt32.self)
        target.storeBytes(of: UInt32(truncatingIfNeeded: value.count), toByteOffset: 4, as: UInt32.self)
        if let base = name.baseAddress { memcpy(target + 8, base, name.count) }
        if let base = value.baseAddress { memcpy(target + 8 + name.count, base, value.count) }
        length = end
        count += 1
    }

    /// Returns the fields gathered so far, and empties the gatherer.
    package mutating func take() -> HTTP2Headers {
        defer { clear() }
        return HTTP2Headers(copying: UnsafeRawBufferPointer(start: bytes, count: length), count: count)
    }

    /// Drops the fields gathered so far.
    package mutating func clear() {
        length = 0
        count = 0
    }

    private mutating func grow(to needed: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: max(needed, capacity * 2), alignment: 1)
        larger.copyMemory(from: bytes, byteCount: length)
        bytes.deallocate()
        bytes = larger
        capacity = max(needed, capacity * 2)
    }
}

/// The size of a stream's received header fields, trailers included, as RFC 9113 §6.5.2 counts it.
enum HeaderListSize: Equatable {
    /// Bytes so far, at most the limit.
    case within(bytes: Int)
    /// The limit was exceeded.
    case exceeded

    /// Counts one field; `limit` is in bytes.
    mutating func add(nameBytes: Int, valueBytes: Int, limit: Int) {
        guard case .within(let bytes) = self else { return }
        let sum = bytes + nameBytes + valueBytes + 32
        self = sum > limit ? .exceeded : .within(bytes: sum)
    }
}
