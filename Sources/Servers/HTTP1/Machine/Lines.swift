import Glibc

/// Lines that end with CRLF. A bare CR or LF is an error, because two servers that read it differently would disagree
/// about where a request ends (RFC 9112 §2.2, §11.2).
enum Lines {
    static let bareLineEnd = HTTP1Refusal.malformed("request", "has a line that does not end with CR LF")

    /// The first line without its CRLF; nil if it is not complete.
    ///
    /// - Parameter checked: bytes at the beginning that an earlier call has seen, and that hold no line.
    static func next(
        _ bytes: UnsafeRawBufferPointer, checked: Int = 0
    ) throws(HTTP1Refusal) -> UnsafeRawBufferPointer? {
        // The last checked byte may be the CR before a LF.
        let start = max(0, checked - 1)
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        guard let found = memchr(base + start, 0x0A, bytes.count - start) else {
            if let carriageReturn = memchr(base + start, 0x0D, bytes.count - start),
                base.distance(to: UnsafeRawPointer(carriageReturn)) < bytes.count - 1
            {
                throw bareLineEnd
            }
            return nil
        }
        let end = base.distance(to: UnsafeRawPointer(found)) - 1
        guard end >= 0, bytes[end] == 0x0D else { throw bareLineEnd }
        let line = bytes[part: 0..<end]
        guard memchr(base, 0x0D, end) == nil else { throw bareLineEnd }
        return line
    }
}
