/// Receives what happens on one stream after its request headers. All calls are made on the stream's event loop.
public protocol HTTP2StreamReceiver: AnyObject {
    /// A piece of the request body, valid during the call only.
    ///
    /// The peer may send no more than its window until `HTTP2Stream.consume(_:)` gives back what was taken.
    func receive(_ bytes: UnsafeRawBufferPointer)

    /// The request is complete.
    func receiveEnd()

    /// The outgoing buffer has drained below its bound again.
    func becameWritable()

    /// The request is not complete within `HTTP2Limits.requestTimeout`; only after `HTTP2Stream.expectPromptEnd()`.
    func requestTimedOut()

    /// The stream is gone; nothing is called after this. `noError` after an ordinary end.
    func closed(_ code: HTTP2ErrorCode)
}

extension HTTP2StreamReceiver {
    public func requestTimedOut() {}
}
