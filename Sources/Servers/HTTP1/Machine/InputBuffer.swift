import Glibc

/// The received bytes of a connection that were not consumed yet, in memory of its own.
struct InputBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    /// Memory that an idle connection keeps.
    private static let keptBytes = 1_024

    deinit { base?.deallocate() }

    var count: Int { end - start }

    /// The bytes; valid until the buffer is changed. The names of fields are made lower case in place.
    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base.map { $0 + start }, count: end - start)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        if end + bytes.count > capacity { makeRoom(bytes.count) }
        if let base { memcpy(base + end, source, bytes.count) }
        end += bytes.count
    }

    private mutating func makeRoom(_ bytes: Int) {
        let needed = count + bytes
        if needed <= capacity, let base {
            memmove(base, base + start, count)
        } else {
            let larger = max(needed, 2 * capacity, Self.keptBytes)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 1)
            if let base {
                memcpy(memory, base + start, count)
                base.deallocate()
            }
            base = memory
            capacity = larger
        }
        end -= start
        start = 0
    }

    mutating func consume(_ bytes: Int) {
        assert(bytes <= count, "only received bytes are consumed")
        start += bytes
        guard start == end else { return }
        (start, end) = (0, 0)
        if capacity > Self.keptBytes {
            base?.deallocate()
            base = nil
            capacity = 0
        }
    }
}
