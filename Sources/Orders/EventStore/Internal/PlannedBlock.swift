import Values

/// The events that a batch is about to append to one order: all of them or none.
struct PlannedBlock {
    let orderID: ExactText
    /// The event before the first one; nil if the first one is the order's first event.
    var previousEventID: UUIDBytes?
    /// Their sequence numbers have no gaps.
    var events: [PlannedEvent] = []
    /// The idempotency keys of the commands that caused the events.
    var keys: [PlannedKey] = []

    /// Whether the sequence numbers go up by one, from the first event on.
    var isGapless: Bool {
        zip(events, events.dropFirst()).allSatisfy { $1.sequenceNumber == $0.sequenceNumber + 1 }
    }
}

/// One event that a batch is about to append.
struct PlannedEvent {
    let id: UUIDBytes
    let sequenceNumber: Int64
    let type: EventType
    let bytes: [UInt8]
    /// Microseconds since 1970.
    let time: Int64
    /// Well-formed, or nil.
    let traceparent: String?
}

/// An idempotency key that is stored in the transaction of its command's events.
struct PlannedKey {
    let key: IdempotencyKey
    /// The last event of the command.
    let eventID: UUIDBytes
    /// The sequence number of that event.
    let sequenceNumber: Int64
}

/// The W3C trace context of a command.
enum TraceContext {
    private static let length = 55
    private static let hyphens: Set<Int> = [2, 35, 52]

    /// The header if it has the form of version 00, `00-<32 hex>-<16 hex>-<2 hex>` in lower case; else nil, because
    /// consumers would have to refuse it.
    static func wellFormed(_ traceparent: String) -> String? {
        guard traceparent.utf8.count == length, traceparent.hasPrefix("00-") else { return nil }
        for (position, byte) in traceparent.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): guard hyphens.contains(position) else { return nil }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"):
                guard !hyphens.contains(position) else { return nil }
            default: return nil
            }
        }
        return traceparent
    }
}
