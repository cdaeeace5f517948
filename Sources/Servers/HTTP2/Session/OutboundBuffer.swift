import Glibc

/// The response bytes of one stream that libnghttp2 has not asked for yet.
///
/// One array that grows at its end and is read from its start: a unary reply is adopted without a copy, and a drained
/// buffer keeps nothing.
struct OutboundBuffer {
    private var bytes: [UInt8] = []
    private var start = 0

    /// Bytes that wait.
    var count: Int { bytes.count - start }

    var isEmpty: Bool { bytes.count == start }

    mutating func append(_ more: [UInt8]) {
        if isEmpty {
            bytes = more
            start = 0
        } else {
            bytes.append(contentsOf: more)
        }
    }

    /// Moves at most `length` bytes to `destination`; returns how many.
    mutating func read(into destination: UnsafeMutablePointer<UInt8>, upTo length: Int) -> Int {
        let taken = min(length, count)
        guard taken > 0 else { return 0 }
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { memcpy(destination, base + start, taken) }
        }
        start += taken
        if isEmpty {
            bytes = []
            start = 0
        } else if start >= 1 << 20 {
            // A stream that never drains completely must not drag its whole past along.
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}
