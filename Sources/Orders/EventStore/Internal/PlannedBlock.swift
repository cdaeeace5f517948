import Postgres
import Values

/// The events that a batch is about to append to one order: all of them or none.
struct PlannedBlock {
    let orderID: ExactText
    var events: [PlannedEvent] = []
    /// The keys of the commands behind the events, each with its command's last event.
    var keys: [PlannedKey] = []
}

/// An answer to remember with the events it belongs to.
struct PlannedKey {
    let key: IdempotencyKey
    /// The last event of the command.
    let eventID: UUIDBytes
    let sequenceNumber: Int64
}
