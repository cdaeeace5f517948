import Glibc

/// The response bytes of one stream that libnghttp2 has not asked for yet.
///
/// One array that grows at its end and is read from its start: the bytes of a unary reply are adopted without a copy,
/// and a drained buffer keeps no memory.
struct OutboundBuffer {
    /// The side that waits for the other. Never both: the reader waits at an empty buffer, the writer at a full one.
    enum Waiting {
        case nobody
        /// libnghttp2 found no bytes; `HTTP2Session.resume` must follow when there are bytes.
        case reader
        /// The application found no room; `HTTP2StreamReceiver.becameWritable` must follow when there is room.
        case writer
    }

    private var bytes: [UInt8] = []
    private var start = 0
    private(set) var waiting = Waiting.nobody

    /// Bytes that are queued.
    var count: Int { bytes.count - start }

    var isEmpty: Bool { bytes.count == start }

    /// Queues bytes; the buffer itself has no bound.
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
            // A stream that never drains completely must not keep all bytes that it has sent.
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    /// Drops the queued bytes.
    mutating func removeAll() {
        bytes = []
        start = 0
    }

    // MARK: - Waiting

    /// Whether there is room for more, with fewer than `limit` bytes queued. If not, the writer waits.
    mutating func hasRoom(limit: Int) -> Bool {
        if count < limit { return true }
        waiting = .writer
        return false
    }

    /// The reader found no bytes: it waits.
    mutating func readerWaits() {
        assert(isEmpty, "libnghttp2 waits for bytes that are there")
        waiting = .reader
    }

    /// Whether the reader waited; it waits no longer.
    mutating func wakeReader() -> Bool {
        guard waiting == .reader else { return false }
        waiting = .nobody
        return true
    }

    /// Whether the writer waited and fewer than `limit` bytes are queued; it waits no longer then.
    mutating func wakeWriter(below limit: Int) -> Bool {
        guard waiting == .writer, count < limit else { return false }
        waiting = .nobody
        return true
    }
}
