public import SwiftProtobuf

/// Sends the response messages of a server-streaming or bidirectional call.
public struct GRPCResponseWriter<Response: Message & Sendable>: Sendable {
    let call: GRPCServerCall

    /// Sends a message. Returns when there is room for another: a slow reader holds its writer, not memory. Throws
    /// when the call is over.
    public func write(_ message: Response) async throws {
        try await call.write(GRPCCodec.encode(message, limit: call.limits.sentMessageBytes))
    }
}
