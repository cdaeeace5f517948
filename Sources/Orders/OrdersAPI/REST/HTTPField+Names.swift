import HTTPTypes

// These literals are valid names: were one not, that would be our bug, found by the first test.
extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    /// On an answer that was found by its idempotency key.
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    static let traceparent = HTTPField.Name("traceparent")!
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
