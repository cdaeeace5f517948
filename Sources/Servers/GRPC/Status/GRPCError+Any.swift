extension GRPCError {
    /// The status that any thrown error stands for. The text of a foreign error is not sent.
    init(any error: any Error) {
        switch error {
        case let error as GRPCError: self = error
        case let error as any GRPCErrorConvertible: self = error.grpcError
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(.unknown, "the handler failed")
        }
    }
}
