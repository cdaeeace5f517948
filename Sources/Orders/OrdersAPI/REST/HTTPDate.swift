import Synchronization
import Threads
import Values

/// The header `Date` of a response over HTTP/2 (RFC 9110 §6.6.1). The text is made once per second. Over HTTP/1.1 the
/// connection adds the header.
enum HTTPDate {
    private static let cache = Mutex<(second: Int64, text: String)>((-1, ""))

    static var now: String {
        let second = WallClock.microsecondsSince1970 / 1_000_000
        return cache.withLock { cache in
            if cache.second != second { cache = (second, CivilTime(secondsSince1970: second).imfFixdate) }
            return cache.text
        }
    }
}
