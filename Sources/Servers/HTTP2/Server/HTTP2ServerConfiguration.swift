/// The settings of a server.
public struct HTTP2ServerConfiguration: Sendable {
    /// The address to listen on; `0.0.0.0` is every IPv4 interface.
    public var host: String

    /// The port to listen on; 0 takes any free one.
    public var port: Int

    /// Certificates. Without them the server speaks HTTP/2 without TLS, with prior knowledge (RFC 9113 §3.3).
    public var tls: HTTP2TLSConfiguration?

    /// The bounds of connections and streams.
    public var limits: HTTP2Limits

    /// By default: any free port, reachable from this machine only, without TLS.
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

/// The files of the server's certificate. They are examined again when connections arrive, so that a renewed
/// certificate is used without a restart.
public struct HTTP2TLSConfiguration: Sendable, Equatable {
    /// PEM file with the certificate chain, the server's own certificate first.
    public var certificateChainFile: String

    /// PEM file with the private key.
    public var privateKeyFile: String

    /// PEM file with the authorities that sign client certificates; nil asks clients for no certificate.
    public var clientAuthorityFile: String?

    /// Whether a client without a certificate is refused. Has an effect with `clientAuthorityFile` only.
    public var requiresClientCertificate: Bool

    /// The shortest time between two examinations of the files.
    public var reloadInterval: Duration = .seconds(1)

    /// Takes paths; the files are read when the server is made.
    public init(
        certificateChainFile: String, privateKeyFile: String, clientAuthorityFile: String? = nil,
        requiresClientCertificate: Bool = true
    ) {
        self.certificateChainFile = certificateChainFile
        self.privateKeyFile = privateKeyFile
        self.clientAuthorityFile = clientAuthorityFile
        self.requiresClientCertificate = requiresClientCertificate
    }
}
