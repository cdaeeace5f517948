/// What a handler throws to end its call with a status other than OK.
public struct GRPCError: Error, Sendable, CustomStringConvertible {
    /// The status code; `ok` is treated as `unknown`, for an error is not a success.
    public var code: GRPCStatusCode

    /// For the developer at the other end; any Unicode text, safe to log.
    public var message: String

    /// Machine-readable details, sent as `google.rpc.Status` in `grpc-status-details-bin`.
    public var details: [GRPCErrorDetail]

    /// Fields added to the trailers.
    public var trailers: GRPCMetadata

    public init(
        _ code: GRPCStatusCode, _ message: String, details: [GRPCErrorDetail] = [],
        trailers: GRPCMetadata = GRPCMetadata()
    ) {
        self.code = code
        self.message = message
        self.details = details
        self.trailers = trailers
    }

    public var description: String { "grpc \(code): \(message)" }
}
