/// How far an outbox is in Kafka: committed in the same Kafka transaction as the rows it speaks of.
///
/// It names a place in a cut that Postgres knows; the snapshots themselves stay in Postgres.
public struct DeliveryRecord: Hashable, Sendable {
    public var origin: OutboxOrigin
    /// The epoch of the relay that wrote it, for people.
    public var epoch: Int64
    public var cut: Int64
    /// Rows of the cut up to this outbox id are committed, or held for a parked key.
    public var through: Int64
    /// Set by the release of a parked key: its held rows up to this hold id are committed. 0 if nothing was released.
    public var released: Int64

    public init(origin: OutboxOrigin, epoch: Int64, cut: Int64, through: Int64, released: Int64 = 0) {
        self.origin = origin
        self.epoch = epoch
        self.cut = cut
        self.through = through
        self.released = released
    }

    /// One line of names and values; the schema, which may hold any character, is the rest of it.
    public var text: String {
        "v=1 system=\(origin.systemIdentifier) database=\(origin.databaseOID) timeline=\(origin.timeline) epoch=\(epoch) "
            + "cut=\(cut) through=\(through) released=\(released) schema=\(origin.schema)"
    }

    /// Reads ``text``; nil if it is none. Names it does not know are passed over.
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
