/// How often a row may arrive.
public enum DeliveryGuarantee: String, CaseIterable, Sendable {
    /// Never lost; sent again after a crash, as far as the checkpoint did not know of it.
    case atLeastOnce = "at-least-once"
    /// Rows and the record of how far they go are one Kafka transaction: a reader of committed messages sees each row
    /// once.
    case exactlyOnce = "exactly-once"
}
