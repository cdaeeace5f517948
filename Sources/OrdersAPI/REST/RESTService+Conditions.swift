import HTTPTypes

extension RESTService {
    /// The request_id of a write: the `Idempotency-Key` header's, or the body's.
    ///
    /// The header may be a string in quotes, as the IETF draft has it, or the bare key; both are the same key.
    func requestID(_ inBody: String, _ headers: HTTPFields) throws(APIError) -> String {
        let values = headers[values: .idempotencyKey]
        guard let value = values.first else { return inBody }
        guard values.count == 1 else { throw APIError.invalid("Idempotency-Key", "is given more than once") }
        var key = Substring(value)
        if key.utf8.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 }) else {
            throw APIError.invalid("Idempotency-Key", "must have 1 to 255 visible ASCII characters, none of them a quote")
        }
        guard inBody.isEmpty || inBody == key else {
            throw APIError.invalid("request_id", "is not the same as the Idempotency-Key header")
        }
        return String(key)
    }

    /// A version that was not met is 412 when it was asked for by `If-Match`.
    func conditional<Answer: Sendable>(
        _ precondition: IfMatch?, _ command: () async throws(APIError) -> Answer
    ) async throws(APIError) -> Answer {
        do {
            return try await command()
        } catch {
            guard precondition != nil, error.reason == APIError.versionMismatchReason else { throw error }
            throw error.withHTTPStatus(412)
        }
    }
}
