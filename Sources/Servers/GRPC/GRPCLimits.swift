/// Every bound of a gRPC call, with its unit in the name. The bounds of connections and streams are in `HTTP2Limits`.
public struct GRPCLimits: Sendable {
    /// Bytes of the largest request message, before and after decompression; beyond it: RESOURCE_EXHAUSTED.
    public var receivedMessageBytes = 4 * 1024 * 1024

    /// Bytes of the largest response message; beyond it: RESOURCE_EXHAUSTED.
    public var sentMessageBytes = 4 * 1024 * 1024

    /// Bytes of complete request messages that wait for a streaming handler before the client may send no more.
    public var queuedRequestBytes = 64 * 1024

    /// Bytes of the smallest response message that is compressed if the client accepts that; nil compresses nothing.
    public var compressionThresholdBytes: Int? = 1_024

    /// The longest deadline; a longer `grpc-timeout` is cut to it.
    public var deadlineCeiling: Duration = .seconds(3_600 * 24 * 365)

    /// The defaults.
    public init() {}
}
