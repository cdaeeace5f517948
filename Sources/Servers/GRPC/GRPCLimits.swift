/// Every bound of the gRPC layer, with its unit in the name. Bounds of connections and streams are in `HTTP2Limits`.
public struct GRPCLimits: Sendable {
    /// Bytes of the largest request message, before and after decompression; beyond it: RESOURCE_EXHAUSTED.
    public var receivedMessageBytes = 4 * 1024 * 1024

    /// Bytes of the largest response message; beyond it: RESOURCE_EXHAUSTED.
    public var sentMessageBytes = 4 * 1024 * 1024

    /// Bytes of complete request messages that wait for a streaming handler before the peer's window is no longer
    /// replenished.
    public var queuedRequestBytes = 64 * 1024

    /// Response messages of at least this size are compressed when the client accepts it; nil never compresses.
    public var compressionThresholdBytes: Int? = 1_024

    /// The longest `grpc-timeout` that is honoured as given; a longer one is cut to it.
    public var deadlineCeiling: Duration = .seconds(3_600 * 24 * 365)

    public init() {}
}
