import Glibc

/// Gathers the fields of one header block in memory that the next block uses again; what came is then copied once.
///
/// Holds no more than `HTTP2Limits.headerListBytes`: the session stops to append beyond it.
struct FieldGatherer: ~Copyable {
    private var bytes: UnsafeMutableRawPointer
    private var capacity = 1_024
    private var length = 0
    private var count = 0

    init() {
        bytes = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit {
        bytes.deallocate()
    }

    /// Appends a field as `HTTP2Headers` keeps it: two 32-bit lengths, the name, the value.
    mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
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

    /// The fields gathered so far; the gatherer is empty then.
    mutating func take() -> HTTP2Headers {
        // Appended, because the initializers of Array look its storage's type up at each call.
        var storage: [UInt8] = []
        storage.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: length).bindMemory(to: UInt8.self))
        defer { clear() }
        return HTTP2Headers(storage: storage, count: count)
    }

    mutating func clear() {
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
