import EventStore
import HTTPTypes
import OrdersProto
import SwiftProtobuf

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
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 }) else {
            throw APIError.invalid("Idempotency-Key", "must have 1 to 255 visible ASCII characters, none of them a quote")
        }
        return String(key)
    }

    /// Runs a write that must find the version of the body, and one of those of `If-Match`.
    ///
    /// - Parameter command: gets the version to insist on, nil for any.
    /// - Throws: ``APIError`` with 412 if `If-Match` was not met, with 409 if it was and the body's version was not.
    func conditional<Answer: Sendable>(
        _ precondition: IfMatch?, _ inBody: UInt32?, _ orderID: String, _ command: (UInt32?) async throws(APIError) -> Answer
    ) async throws(APIError) -> Answer {
        do {
            return try await command(try await expectedVersion(inBody, precondition, orderID))
        } catch {
            throw precondition?.explain(error) ?? error
        }
    }

    private func expectedVersion(
        _ inBody: UInt32?, _ precondition: IfMatch?, _ orderID: String
    ) async throws(APIError) -> UInt32? {
        guard let versions = precondition?.versions else { return inBody }
        if versions.count == 1, inBody == nil || inBody == versions.first { return versions.first }
        // One of several, none, or another than the body's: only the order itself tells which. The write still insists on what is
        // found here.
        let order = try await handlers.getOrder(.with { $0.orderID = orderID }, CallContext()).order
        guard versions.contains(order.version) else {
            throw APIError(EventStoreError.conflict(expected: Int64(versions.first ?? 0), actual: Int64(order.version)))
        }
        return inBody ?? order.version
    }
}

extension IfMatch {
    /// A version that was not met is told as 412, in this header's name, if it is one that the header does not allow.
    fileprivate func explain(_ error: APIError) -> APIError {
        guard error.reason == APIError.versionMismatchReason, let versions, let actual = error.metadata["actual_version"],
            !versions.contains(where: { String($0) == actual })
        else { return error }
        let wanted = versions.isEmpty ? "none" : versions.map(String.init).joined(separator: ", ")
        var explained = APIError(
            error.code, reason: error.reason, "If-Match: the order is at version \(actual), the header allows \(wanted)")
        explained.metadata = ["expected_version": wanted, "actual_version": actual]
        return explained.withHTTPStatus(412)
    }
}
