public import SwiftProtobuf

/// The request messages of a client-streaming or bidirectional call, in order. Iterate it once.
///
/// The client may send more as the handler takes messages: a slow handler costs bounded memory.
public struct GRPCRequestStream<Request: Message & Sendable>: AsyncSequence, Sendable {
    /// One request message.
    public typealias Element = Request

    let call: GRPCServerCall

    /// Takes the messages one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let call: GRPCServerCall

        /// The next message; nil when the client has sent its last one. Throws `CancellationError` when the client
        /// leaves or the deadline passes, and `GRPCError` when the bytes are not a message.
        public mutating func next() async throws -> Request? {
            guard let bytes = try await call.requests?.next() else { return nil }
            call.tookMessage()
            return try GRPCCodec.decode(Request.self, bytes)
        }
    }

    /// The iterator. Two iterators of one stream must not be used.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: call) }
}

/// Sends the response messages of a server-streaming or bidirectional call. May be used on any thread.
public struct GRPCResponseWriter<Response: Message & Sendable>: Sendable {
    let call: GRPCServerCall

    /// Sends a message. Returns when there is room for another one: a slow client costs bounded memory. Throws
    /// `CancellationError` when the call has ended, and `GRPCError` when the message exceeds
    /// `GRPCLimits.sentMessageBytes`.
    public func write(_ message: Response) async throws {
        try await call.write(message)
    }
}
