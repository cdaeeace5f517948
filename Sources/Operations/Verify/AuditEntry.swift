import Values

/// What an audit keeps of a row of the outbox, an event of the event store or a record in Kafka: 64 bytes.
///
/// Texts and payloads are hashes of 64 bits, under a seed of the process: two that differ look the same once in 2^64
/// comparisons. Names that repeat (topics, event types) are numbers of ``AuditNames``.
struct AuditEntry {
    /// Of the bytes of the key.
    var key: UInt64
    var eventID: UUIDBytes
    /// The sequence number; ``noRank`` where there is none.
    var rank: Int64
    /// Of the payload.
    var value: UInt64
    /// A row's `outbox_id`, a record's offset; 0 for an event.
    var place: Int64
    /// When the row or event was written, in microseconds since 1970.
    var createdAt: Int64
    /// Of a row or event the number of its topic, of a record that of its partition.
    var source: UInt32
    /// The number of the event type.
    var type: UInt16
    var flags: Flags

    static let noRank: Int64 = -1

    struct Flags: OptionSet {
        let rawValue: UInt16
        /// A row that the checkpoint counts as published.
        static let due = Flags(rawValue: 1)
        /// A row that was held for a parked key.
        static let held = Flags(rawValue: 2)
        /// A row that an operator skipped.
        static let skipped = Flags(rawValue: 4)
        /// A row that an operator edited.
        static let edited = Flags(rawValue: 8)
        /// A row that was left out when its table was adopted.
        static let leftOut = Flags(rawValue: 16)
        /// A row or record of a replay.
        static let replayed = Flags(rawValue: 32)
        /// A row or record of the event store's aggregate type.
        static let recorded = Flags(rawValue: 64)
        /// A record of another outbox.
        static let foreign = Flags(rawValue: 128)
        /// The first event of its order that the read model does not show.
        static let unprojected = Flags(rawValue: 256)
        /// The read model has no row of the order.
        static let withoutProjection = Flags(rawValue: 512)
        /// A record without the time of its row: ``createdAt`` is that of the record.
        static let withoutTime = Flags(rawValue: 1024)
    }
}

/// 64 bits of bytes, under a seed of the process (SipHash, as of Swift's dictionaries).
enum AuditHash {
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// No payload at all: a tombstone.
    static let nothing: UInt64 = 0
}
