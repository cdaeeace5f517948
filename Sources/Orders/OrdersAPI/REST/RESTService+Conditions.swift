import HTTPTypes

extension RESTService {
    /// The request_id of a write: the `Idempotency-Key` header's; empty without one.
    ///
    /// The header may be a string in quotes, as the IETF draft has it, or the bare key; both are the same key.
    func requestID(_ headers: HTTPFields) throws(APIError) -> String {
        let values = headers[values: .idempotencyKey]
        guard let value = values.first else { return "" }
        guard values.count == 1 else { throw APIError.invalid("Idempotency-Key", "is given more than once") }
        var key = Substring(value)
        if key.utf8.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 })
        else {
            throw APIError.invalid(
                "Idempotency-Key", "must have 1 to 255 visible ASCII characters, none of them a quote")
        }
        return String(key)
    }

    /// Runs a write that must find one of the versions of `If-Match`, if the request has that header.
    ///
    /// The header is judged with the write, not before it: the answer to a repeated `Idempotency-Key` is the first one,
    /// whatever became of the order since.
    ///
    /// - Throws: ``APIError`` with 412 if `If-Match` was not met.
    func conditional<Answer: Sendable>(
        _ request: RESTRequest, _ command: (CallContext) async throws(APIError) -> Answer
    ) async throws(APIError) -> Answer {
        let precondition = IfMatch(request.headers)
        var call = request.call
        call.allowedVersions = precondition?.versions
        do {
            return try await command(call)
        } catch {
            throw precondition?.explain(error) ?? error
        }
    }
}

extension IfMatch {
    /// A version that was not met is told as 412, in this header's name, if it is one that the header does not allow.
    fileprivate func explain(_ error: APIError) -> APIError {
        guard error.reason == APIError.versionMismatchReason, let versions,
            let actual = error.metadata["actual_version"],
            !versions.contains(where: { String($0) == actual })
        else { return error }
        let wanted = versions.isEmpty ? "none" : versions.map(String.init).joined(separator: ", ")
        var explained = APIError(
            error.code, reason: error.reason, "If-Match: the order is at version \(actual), the header allows \(wanted)"
        )
        explained.metadata = ["expected_version": wanted, "actual_version": actual]
        return explained.withHTTPStatus(412)
    }
}
