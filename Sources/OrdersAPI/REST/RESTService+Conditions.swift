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

    /// The version that a write must find: the body's, or the one of `If-Match` that the order may be at.
    func expectedVersion(
        _ inBody: UInt32?, _ precondition: IfMatch?, _ orderID: String
    ) async throws(APIError) -> UInt32? {
        guard let versions = precondition?.versions else { return inBody }
        if versions.count == 1 { return versions.first }
        // One of several, or none: only the order itself tells which. The write still insists on what is found here.
        let order = try await handlers.getOrder(.with { $0.orderID = orderID }, CallContext()).order
        guard versions.contains(order.version) else {
            let expected = versions.first.map(Int64.init) ?? 0
            throw APIError(EventStoreError.conflict(expected: expected, actual: Int64(order.version))).withHTTPStatus(412)
        }
        return order.version
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
