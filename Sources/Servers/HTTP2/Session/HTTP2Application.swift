/// Answers the requests of a server: gRPC, plain HTTP, or a choice between them.
///
/// The session owns everything below this border: frames, header compression, windows, streams. The application owns
/// the meaning of requests; a gRPC call begins here.
public protocol HTTP2Application: Sendable {
    /// Accepts a request whose header block is complete, and returns the receiver of the rest of its stream. May
    /// respond at once.
    ///
    /// Called on the connection's event loop, inside a callback of libnghttp2: it must not block.
    func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver
}

/// Receives the events of one stream after its request headers. All calls are made on the stream's event loop.
public protocol HTTP2StreamReceiver: AnyObject {
    /// Takes a piece of the request body; the pointer is valid during the call only.
    ///
    /// The peer may send no more than its window until `HTTP2Stream.consume(_:)` gives taken bytes back.
    func receive(_ bytes: UnsafeRawBufferPointer)

    /// The request is complete. Not called once the response is complete.
    func receiveEnd()

    /// The stream's outgoing buffer has room again, after `HTTP2Stream.isWritable` was false.
    func becameWritable()

    /// The request was not complete within `HTTP2Limits.requestTimeout`. Called only after
    /// `HTTP2Stream.expectPromptEnd()`.
    func requestTimedOut()

    /// The stream is closed, with `noError` after an ordinary end. The last call.
    func closed(_ code: HTTP2ErrorCode)
}

extension HTTP2StreamReceiver {
    /// Does nothing: for receivers that do not call `HTTP2Stream.expectPromptEnd()`.
    public func requestTimedOut() {}
}

/// The other end of a connection.
public struct HTTP2Peer: Sendable, Equatable {
    /// The numeric address and port, such as `127.0.0.1:50312` or `[::1]:50312`; `unknown` if the socket is closed
    /// already.
    public let address: String

    /// Whether the connection is encrypted.
    public let isSecure: Bool

    /// For connections, and for tests of handlers.
    public init(address: String, isSecure: Bool) {
        self.address = address
        self.isSecure = isSecure
    }
}
