/// An error that knows its gRPC status. Thrown by a handler, it ends the call with that status; every other error ends
/// it with UNKNOWN and no text, because its text may hold secrets.
public protocol GRPCErrorConvertible: Error {
    /// The status to send.
    var grpcError: GRPCError { get }
}
