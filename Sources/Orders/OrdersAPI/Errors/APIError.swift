/// Why a request fails: the one error that handlers throw, the same for both transports.
///
/// Its contents are meant for the client and safe to log. Each transport has one place that turns it into a response:
/// `APIError+HTTP.swift`, and `GRPCRouter+Orders.swift`.
struct APIError: Error, Hashable, Sendable {
    /// The domain of ``reason``, as `google.rpc.ErrorInfo` wants it.
    static let domain = "orders.v1"

    let code: APIStatusCode
    /// A sentence for people; it names the field at fault if there is one.
    let message: String
    /// A stable word for programs, such as `ORDER_NOT_PAID`.
    let reason: String
    /// Values that belong to the reason, such as the expected version.
    var metadata: [String: String] = [:]
    /// The fields at fault; empty when the request is not the cause.
    var violations: [FieldViolation] = []
    /// The pause after which a retry may succeed; nil if a retry fails again, or if that is unknown.
    var retryAfter: Duration?
    /// The HTTP status if REST has a more precise one than the code's usual status: 412 for `If-Match`, 413, 415, ...
    var httpStatusOverride: Int?
    /// The methods that the path supports, for 405.
    var allowedMethods: [String] = []
    /// The content codings of a body that is acceptable, for a 415 because of another one.
    var acceptedEncodings: String?

    init(_ code: APIStatusCode, reason: String, _ message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    var httpStatus: Int { httpStatusOverride ?? code.httpStatus }

    /// INVALID_ARGUMENT.
    ///
    /// - Parameter violations: every field at fault, at least one.
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

    /// A failure of the server. The cause belongs into the log and not into the answer.
    static let internalError = APIError(.internalError, reason: "INTERNAL", "the server failed to answer this request")

    func withHTTPStatus(_ status: Int) -> APIError {
        var error = self
        error.httpStatusOverride = status
        return error
    }
}

/// One field of a request that is not acceptable.
struct FieldViolation: Hashable, Sendable {
    /// The field's name in the contract, such as `total_price`; the name of a header; or `body`.
    let field: String
    /// Why the value is not acceptable, as the rest of a sentence that starts with the field.
    let problem: String

    init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }
}
