import Kafka
import Outbox

/// What a reader of committed messages would see in a topic of the embedded Kafka, which isolates nothing: of each relay's rows those up to
/// its last record.
///
/// True where no record is written without being committed, and where cuts follow the order of ids: rows of one writer.
struct CommittedRows {
    /// By epoch.
    private let committedThrough: [Int64: Int64]
    /// By event id.
    private let outboxIDs: [String: Int64]

    init(_ deliveries: [DeliveryRecord], outboxIDs: [String: Int64]) {
        committedThrough = Dictionary(deliveries.map { ($0.epoch, $0.through) }, uniquingKeysWith: max)
        self.outboxIDs = outboxIDs
    }

    func contains(_ record: KafkaRecord) -> Bool {
        guard let through = committedThrough[record.epoch], let id = record.headerText("id").flatMap({ outboxIDs[$0] }) else {
            return false
        }
        return id <= through
    }
}
