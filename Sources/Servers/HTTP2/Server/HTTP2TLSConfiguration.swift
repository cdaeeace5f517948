/// Where the server's certificate comes from. The files are looked at again when connections come in, so that a renewed
/// certificate is used without a restart.
public struct HTTP2TLSConfiguration: Sendable, Equatable {
    /// PEM file with the certificate chain, the server's own first.
    public var certificateChainFile: String

    /// PEM file with the private key.
    public var privateKeyFile: String

    /// PEM file with the authorities that sign client certificates; nil asks for none.
    public var clientAuthorityFile: String?

    /// Whether a client without a certificate is turned away; of effect with `clientAuthorityFile` only.
    public var requiresClientCertificate: Bool

    /// How often the files are looked at, at most; they are looked at when a connection comes in.
    public var reloadInterval: Duration = .seconds(1)

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
