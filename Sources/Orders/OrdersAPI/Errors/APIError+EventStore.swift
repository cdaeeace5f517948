import EventStore
import Orders

extension APIError {
    /// The only place that maps an event store's error to the client's.
    init(_ error: EventStoreError) {
        switch error {
        case .notFound:
            self.init(.notFound, reason: OrderRejection.Reason.orderNotFound.rawValue, error.description)
        case .rejected(let rejection):
            self.init(rejection)
        case .conflict(let expected, let actual):
            self = .versionMismatch(expected: expected, actual: actual)
        case .contention:
            self.init(.aborted, reason: "CONTENTION", error.description)
            retryAfter = Self.retryAfterContention
        case .idempotencyMismatch:
            self = APIError.invalid("request_id", "it was already used for another request").withHTTPStatus(422)
        case .inFlight:
            self.init(.aborted, reason: "REQUEST_IN_FLIGHT", error.description)
            retryAfter = Self.retryAfterContention
        case .overloaded(let delay):
            self.init(.resourceExhausted, reason: "OVERLOADED", error.description)
            retryAfter = delay
        case .unavailable:
            self = .unavailable("the event store cannot be reached; nothing was written")
        case .outcomeUnknown:
            self.init(
                .unknown, reason: "OUTCOME_UNKNOWN",
                "the connection to the event store was lost: the command may have happened")
        case .deadlineExceeded:
            self.init(.deadlineExceeded, reason: "DEADLINE_EXCEEDED", error.description)
        case .cancelled:
            self.init(.cancelled, reason: "CANCELLED", error.description)
        case .internal:
            self = .internalError
        }
    }

    private init(_ rejection: OrderRejection) {
        switch rejection.reason {
        case .invalidArgument:
            self.init(.invalidArgument, reason: rejection.reason.rawValue, rejection.message)
            if let field = rejection.field { violations = [FieldViolation(field, rejection.message)] }
        case .orderNotFound:
            self.init(.notFound, reason: rejection.reason.rawValue, rejection.message)
        default:
            self.init(.failedPrecondition, reason: rejection.reason.rawValue, rejection.message)
        }
    }

    /// The pause before a retry after a conflict: the other command is done by then.
    private static let retryAfterContention: Duration = .seconds(1)

    /// UNAVAILABLE with a retry after one second: something that the request needs cannot be reached.
    static func unavailable(_ message: String) -> APIError {
        var error = APIError(.unavailable, reason: "UNAVAILABLE", message)
        error.retryAfter = .seconds(1)
        return error
    }

    /// The reason of ``versionMismatch(expected:actual:)``, which REST turns into 412 for `If-Match`.
    static let versionMismatchReason = "VERSION_MISMATCH"

    /// A write demanded a version that the order is not at.
    private static func versionMismatch(expected: Int64, actual: Int64) -> APIError {
        var error = APIError(
            .aborted, reason: versionMismatchReason,
            "expected_version: the order is at version \(actual), not at \(expected)")
        error.metadata = ["expected_version": "\(expected)", "actual_version": "\(actual)"]
        return error
    }
}
