/// What a server is told when it is made.
public struct HTTP2ServerConfiguration: Sendable {
    /// The address to listen on; `0.0.0.0` is every IPv4 interface.
    public var host: String

    /// The port to listen on; 0 takes any free one.
    public var port: Int

    /// Certificates; without them the server speaks h2c with prior knowledge.
    public var tls: HTTP2TLSConfiguration?

    /// The bounds of everything.
    public var limits: HTTP2Limits

    /// Connections that the kernel keeps for us before we accept them.
    public var backlog: Int32 = 1_024

    public init(
        host: String = "127.0.0.1", port: Int = 0, tls: HTTP2TLSConfiguration? = nil,
        limits: HTTP2Limits = HTTP2Limits()
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.limits = limits
    }
}
