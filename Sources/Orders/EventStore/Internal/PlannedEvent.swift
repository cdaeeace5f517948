import Postgres
import Values

/// One event that a batch is about to append.
struct PlannedEvent {
    let id: UUIDBytes
    let sequenceNumber: Int64
    let type: EventType
    let bytes: [UInt8]
    /// Microseconds since 1970.
    let time: Int64
    let traceparent: String?
}
