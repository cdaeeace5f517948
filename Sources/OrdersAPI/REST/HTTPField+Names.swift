import HTTPTypes

extension HTTPField.Name {
    static let idempotencyKey = known("Idempotency-Key")
    /// On an answer that was found by its idempotency key.
    static let idempotencyReplayed = known("Idempotency-Replayed")
    static let lastEventID = known("Last-Event-ID")

    /// These are all valid names; were one not, it would be another's.
    private static func known(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .warning
    }
}
