/// What answers the requests of a server: gRPC, plain HTTP, or a choice between them.
public protocol HTTP2Application: Sendable {
    /// Called on the connection's event loop when a request's header block is complete; may respond at once.
    ///
    /// Returns who receives the rest of the stream. Called inside libnghttp2's own callback, so it must not block.
    func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver
}
