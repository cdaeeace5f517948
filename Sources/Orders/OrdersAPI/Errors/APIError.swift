/// Why a request has no answer: the one error that handlers throw, whatever the face it came in by.
///
/// Everything in it is meant for the client and safe to log. ``APIError+HTTP.swift`` and ``APIError+GRPC.swift`` are
/// the only places that turn it into a response.
struct APIError: Error, Hashable, Sendable {
    /// The domain of ``reason``, as `google.rpc.ErrorInfo` wants it.
    static let domain = "orders.v1"

    let code: APIStatusCode
    /// A sentence for people; it names the field at fault.
    let message: String
    /// A stable word for programs, such as `ORDER_NOT_PAID`.
    let reason: String
    /// Facts that go with the reason, such as the version that was expected.
    var metadata: [String: String] = [:]
    /// The fields at fault; empty when it is not the request that is wrong.
    var violations: [FieldViolation] = []
    /// When a retry may succeed; nil if it would not, or nobody knows.
    var retryAfter: Duration?
    /// Where REST says it better than the code's usual status: 412 for `If-Match`, 413, 415, ...
    var httpStatusOverride: Int?
    /// The methods a path does answer, for 405.
    var allowedMethods: [String] = []

    init(_ code: APIStatusCode, reason: String, _ message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    var httpStatus: Int { httpStatusOverride ?? code.httpStatus }

    /// The request is wrong in each of these fields; at least one.
    static func invalid(_ violations: [FieldViolation]) -> APIError {
        let message = violations.map { "\($0.field): \($0.problem)" }.joined(separator: "; ")
        var error = APIError(.invalidArgument, reason: "INVALID_ARGUMENT", message)
        error.violations = violations
        return error
    }

    static func invalid(_ field: String, _ problem: String) -> APIError {
        invalid([FieldViolation(field, problem)])
    }

    static func headersTooLarge(bytes: Int, fields: Int? = nil) -> APIError {
        let orFields = fields.map { " or \($0) fields" } ?? ""
        return invalid("headers", "have more than \(bytes) bytes\(orFields)").withHTTPStatus(431)
    }

    static func bodyTooLarge(_ maximumBytes: Int) -> APIError {
        invalid("body", "has more than \(maximumBytes) bytes").withHTTPStatus(413)
    }

    /// Something of ours went wrong; what it was is for the log, not for the client.
    static let internalError = APIError(.internalError, reason: "INTERNAL", "the server failed to answer this request")

    func withHTTPStatus(_ status: Int) -> APIError {
        var error = self
        error.httpStatusOverride = status
        return error
    }
}
