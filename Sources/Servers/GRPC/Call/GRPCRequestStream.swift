public import SwiftProtobuf

/// The request messages of a client-streaming or bidirectional call, in order. Iterate it once.
///
/// A handler that does not keep up makes the client wait: its window is replenished as messages are taken.
public struct GRPCRequestStream<Request: Message & Sendable>: AsyncSequence, Sendable {
    public typealias Element = Request

    let call: GRPCServerCall

    public struct AsyncIterator: AsyncIteratorProtocol {
        let call: GRPCServerCall

        /// The next message, nil when the client has sent its last. Throws when the client leaves, when the deadline
        /// passes, or when the bytes are not a message.
        public mutating func next() async throws -> Request? {
            guard let bytes = try await call.requests?.next() else { return nil }
            call.tookMessage()
            return try GRPCCodec.decode(Request.self, bytes)
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: call) }
}
