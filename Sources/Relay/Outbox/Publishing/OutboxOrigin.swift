/// Which outbox a record in Kafka belongs to: cut numbers mean something only there.
public struct OutboxOrigin: Hashable, Sendable, CustomStringConvertible {
    public let systemIdentifier: Int64
    public let databaseOID: Int64
    public let timeline: Int32
    /// The relay's schema: one database may hold several outboxes.
    public let schema: String

    public init(systemIdentifier: Int64, databaseOID: Int64, timeline: Int32, schema: String) {
        self.systemIdentifier = systemIdentifier
        self.databaseOID = databaseOID
        self.timeline = timeline
        self.schema = schema
    }

    /// The same for every relay of this outbox, also after a standby was promoted: what fences a former leader.
    public var transactionalID: String { "outbox-relay-\(systemIdentifier)-\(databaseOID)-\(schema)" }

    public var description: String {
        "system \(systemIdentifier), database \(databaseOID), timeline \(timeline), schema \(schema)"
    }
}
