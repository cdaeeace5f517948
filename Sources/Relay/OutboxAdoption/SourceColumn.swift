/// The columns of the view through which the relay reads an outbox, and the names that teams give them.
enum SourceColumn: String, CaseIterable, Sendable {
    case outboxID = "outbox_id"
    case transactionID = "transaction_id"
    case eventID = "event_id"
    case aggregateType = "aggregate_type"
    case aggregateID = "aggregate_id"
    case sequenceNumber = "sequence_number"
    case eventType = "event_type"
    case payload
    case headers
    case createdAt = "created_at"

    /// Names of columns that are taken for this one by default, best first.
    var usualNames: [String] {
        switch self {
        case .outboxID: SourceMapping.Addition.outboxID.names
        case .transactionID: SourceMapping.Addition.transactionID.names
        case .eventID: ["event_id", "id"]
        case .aggregateType: ["aggregate_type", "aggregatetype"]
        case .aggregateID: ["aggregate_id", "aggregateid"]
        case .eventType: ["event_type", "type"]
        case .createdAt: ["created_at"] + SourceMapping.Addition.createdAt.names
        default: [rawValue]
        }
    }

    /// Whether the table must have it: an outbox without it cannot be forwarded, and adopting cannot add it.
    var isRequired: Bool {
        switch self {
        case .eventID, .aggregateType, .aggregateID, .eventType, .payload: true
        case .outboxID, .transactionID, .sequenceNumber, .headers, .createdAt: false
        }
    }
}
