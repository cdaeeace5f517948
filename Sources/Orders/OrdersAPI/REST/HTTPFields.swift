import HTTPTypes
import Synchronization
import Threads
import Values

// The literals are valid names; an invalid one would be a bug of ours that every test finds.
extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    /// Marks an answer that was found by its idempotency key.
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    static let traceparent = HTTPField.Name("traceparent")!
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}

/// The header `Date` of every response (RFC 9110 §6.6.1). The text is made once per second. Over HTTP/1.1 Hummingbird
/// adds the header itself.
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
