/// How far an outbox is in Kafka: committed in the same Kafka transaction as the rows that it counts.
///
/// It names a place in a cut that Postgres knows; the snapshots themselves stay in Postgres.
public struct DeliveryRecord: Hashable, Sendable {
    /// The outbox that the record belongs to.
    public var origin: OutboxOrigin
    /// The epoch of the relay that wrote it. For operators; it decides nothing.
    public var epoch: Int64
    /// The number of the cut.
    public var cut: Int64
    /// Rows of the cut up to this outbox id are committed, or held for a parked key.
    public var through: Int64
    /// Set by the release of a parked key: its held rows up to this hold id are committed. 0 if nothing was released.
    public var released: Int64

    /// A record of this place; see the properties.
    public init(origin: OutboxOrigin, epoch: Int64, cut: Int64, through: Int64, released: Int64 = 0) {
        self.origin = origin
        self.epoch = epoch
        self.cut = cut
        self.through = through
        self.released = released
    }

    /// One line of names and values. The schema, which may contain any character, is the rest of the line.
    public var text: String {
        "v=1 system=\(origin.systemIdentifier) database=\(origin.databaseOID) timeline=\(origin.timeline) "
            + "epoch=\(epoch) cut=\(cut) through=\(through) released=\(released) schema=\(origin.schema)"
    }

    /// Reads ``text``; nil if it has another form. Unknown names are ignored.
    public init?(_ text: String) {
        guard let schema = text.firstRange(of: " schema=") else { return nil }
        var values: [Substring: Int64] = [:]
        for item in text[..<schema.lowerBound].split(separator: " ") {
            guard let equals = item.firstIndex(of: "="), let value = Int64(item[item.index(after: equals)...]) else {
                continue
            }
            values[item[..<equals]] = value
        }
        guard values["v"] == 1, let system = values["system"], let database = values["database"],
            let timeline = values["timeline"].flatMap({ Int32(exactly: $0) }), let epoch = values["epoch"],
            let cut = values["cut"], let through = values["through"], let released = values["released"]
        else { return nil }
        self.init(
            origin: OutboxOrigin(
                systemIdentifier: system, databaseOID: database, timeline: timeline,
                schema: String(text[schema.upperBound...])),
            epoch: epoch, cut: cut, through: through, released: released)
    }
}

/// The outbox that a record in Kafka belongs to: cut numbers can only be compared within one outbox.
public struct OutboxOrigin: Hashable, Sendable, CustomStringConvertible {
    /// Postgres's `system_identifier`, of one cluster of databases.
    public let systemIdentifier: Int64
    /// The database's oid.
    public let databaseOID: Int64
    /// The timeline; grows when a standby is promoted.
    public let timeline: Int32
    /// The relay's schema: one database may hold several outboxes.
    public let schema: String

    /// The origin with these parts; see the properties.
    public init(systemIdentifier: Int64, databaseOID: Int64, timeline: Int32, schema: String) {
        self.systemIdentifier = systemIdentifier
        self.databaseOID = databaseOID
        self.timeline = timeline
        self.schema = schema
    }

    /// Kafka's `transactional.id`. The same for every relay of this outbox, also after a standby was promoted, so that
    /// each leader fences the one before.
    public var transactionalID: String { "outbox-relay-\(systemIdentifier)-\(databaseOID)-\(schema)" }

    /// Tells the records of this outbox from those of others in the same topic: a hash (FNV-1a) of system, database and
    /// schema. The same on every timeline.
    public var tag: UInt64 {
        transactionalID.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }

    /// Whether `other` is the same outbox, on whatever timeline.
    func isSameOutbox(as other: OutboxOrigin) -> Bool { transactionalID == other.transactionalID }

    /// The parts, for messages.
    public var description: String {
        "system \(systemIdentifier), database \(databaseOID), timeline \(timeline), schema \(schema)"
    }
}
