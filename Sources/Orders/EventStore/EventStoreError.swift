public import Orders

/// Why the event store did not execute a command or answer a read. Each case names its gRPC code.
///
/// `description` is safe to show to a client; `debugDescription` adds what is for the log only.
public enum EventStoreError: Error, Sendable {
    /// There is no such order. NOT_FOUND.
    case notFound(orderID: String)
    /// The domain rejected the command. INVALID_ARGUMENT if the reason is `invalidArgument`, else FAILED_PRECONDITION.
    case rejected(OrderRejection)
    /// The order is not at the demanded version. ABORTED.
    case conflict(expected: Int64, actual: Int64)
    /// Other writers appended to the order first in every attempt; nothing was written, and a retry may succeed.
    /// ABORTED.
    case contention(attempts: Int)
    /// The idempotency key was used for another command. INVALID_ARGUMENT, over REST 422.
    case idempotencyMismatch
    /// A command with the same idempotency key is being executed at the moment. ABORTED.
    case inFlight
    /// Too many commands are waiting. Nothing was written. RESOURCE_EXHAUSTED.
    case overloaded(retryAfter: Duration)
    /// Postgres cannot be reached, or the store is stopping. Nothing was written. UNAVAILABLE.
    case unavailable(String)
    /// The connection was lost during the commit, and Postgres could not be asked since: the command may or may not
    /// have been executed. UNKNOWN.
    case outcomeUnknown(String)
    /// The deadline passed before the command was started. Nothing was written. DEADLINE_EXCEEDED.
    case deadlineExceeded
    /// The caller was cancelled before the command was started. Nothing was written. CANCELLED.
    case cancelled
    /// A bug of ours, or a database that is not as the migrations made it. INTERNAL.
    case `internal`(String)
}

extension EventStoreError: CustomStringConvertible, CustomDebugStringConvertible {
    /// One sentence for the client; it names the field at fault if there is one.
    public var description: String {
        switch self {
        case .notFound: "order_id: there is no such order"
        case .rejected(let rejection): rejection.message
        case .conflict(let expected, let actual): "expected_version: the order is at version \(actual), not \(expected)"
        case .contention(let attempts): "the order kept changing during \(attempts) attempts; try again"
        case .idempotencyMismatch: "request_id: it was already used for another request"
        case .inFlight: "request_id: the first request with it is still being executed"
        case .overloaded: "too many commands are waiting; try again later"
        case .unavailable(let why): "the event store is unavailable: \(why)"
        case .outcomeUnknown: "the connection to the database was lost; whether the command happened is not known"
        case .deadlineExceeded: "the deadline passed before the command was started"
        case .cancelled: "the caller left before the command was started"
        case .internal: "internal error"
        }
    }

    /// The description, and the cause that a client must not see.
    public var debugDescription: String {
        switch self {
        case .outcomeUnknown(let what), .internal(let what): "\(description): \(what)"
        default: description
        }
    }
}
