/// The error that a handler throws to end its call with a status other than OK.
public struct GRPCError: Error, Sendable, CustomStringConvertible {
    /// The status code. `ok` is sent as `unknown`, because an error is not a success.
    public let code: GRPCStatusCode

    /// A text for the developer of the client: any Unicode, safe to log.
    public let message: String

    /// Machine-readable details, sent as `google.rpc.Status` in `grpc-status-details-bin`.
    public let details: [GRPCErrorDetail]

    /// - Parameters:
    ///   - message: for the developer of the client; must hold no secrets.
    ///   - details: sent in `grpc-status-details-bin`; together with the message a few KiB at most, because clients
    ///     limit the size of trailers.
    public init(_ code: GRPCStatusCode, _ message: String, details: [GRPCErrorDetail] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The status that any thrown error stands for. The text of an error of another kind is not sent.
    init(any error: any Error) {
        switch error {
        case let error as GRPCError: self = error
        case let error as any GRPCErrorConvertible: self = error.grpcError
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(.unknown, "the handler failed")
        }
    }

    /// Code and message in one line.
    public var description: String { "grpc \(code): \(message)" }
}

/// An error that has a gRPC status. A handler that throws it ends its call with that status. Every other error ends a
/// call with UNKNOWN and without its text, because the text may hold secrets.
public protocol GRPCErrorConvertible: Error {
    /// The status to send.
    var grpcError: GRPCError { get }
}

/// A status code of gRPC: OK and sixteen errors. The raw value is the number in `grpc-status`.
public enum GRPCStatusCode: Int, Sendable, CaseIterable {
    /// The call succeeded.
    case ok = 0
    /// The call was cancelled, mostly by its client.
    case cancelled = 1
    /// An error without a better code.
    case unknown = 2
    /// The request is wrong in every state of the server.
    case invalidArgument = 3
    /// The deadline passed; the call may have had its effect.
    case deadlineExceeded = 4
    /// The thing that the request names does not exist.
    case notFound = 5
    /// The thing that the request creates exists.
    case alreadyExists = 6
    /// The caller is known and may not do this.
    case permissionDenied = 7
    /// A limit is reached: a quota, a queue, a message size.
    case resourceExhausted = 8
    /// The state of the system does not allow the request; the client must not send it again before that changes.
    case failedPrecondition = 9
    /// A conflict with another call; the client may send the whole transaction again.
    case aborted = 10
    /// The request goes beyond a range that depends on the state, such as the end of a list.
    case outOfRange = 11
    /// The server does not have this method or feature.
    case unimplemented = 12
    /// The server, or the protocol between both, broke a rule.
    case `internal` = 13
    /// The server cannot answer now; the client may send the request again after a pause.
    case unavailable = 14
    /// Data is lost or damaged.
    case dataLoss = 15
    /// The caller is not known.
    case unauthenticated = 16
}
