/// Writes the body of a streamed response; may be used from anywhere.
public struct HTTP2BodyWriter: Sendable {
    let exchange: HTTP2Exchange

    /// Sends bytes. Returns when there is room for more: a slow reader holds its writer, not memory. Throws
    /// `CancellationError` when the client is gone.
    public func write(_ bytes: [UInt8]) async throws {
        try await exchange.write(bytes)
    }
}
