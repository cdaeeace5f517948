import HTTP2
import Runtime

extension HTTP2TLSConfiguration {
    /// `TLS_CERTIFICATE_FILE` and `TLS_PRIVATE_KEY_FILE` switch TLS on for the gRPC port; `TLS_CLIENT_CA_FILE` asks
    /// clients for a certificate of those authorities, and `TLS_REQUIRE_CLIENT_CERTIFICATE=false` makes it optional.
    /// Nil without them.
    init?(_ environment: EnvironmentReader) {
        let certificate = environment.optionalString("TLS_CERTIFICATE_FILE")
        let key = environment.optionalString("TLS_PRIVATE_KEY_FILE")
        let authority = environment.optionalString("TLS_CLIENT_CA_FILE")
        let isRequired = environment.bool("TLS_REQUIRE_CLIENT_CERTIFICATE", default: true)
        guard let certificate, let key else {
            if certificate != nil {
                environment.report("TLS_PRIVATE_KEY_FILE", "must be set together with TLS_CERTIFICATE_FILE")
            }
            if key != nil {
                environment.report("TLS_CERTIFICATE_FILE", "must be set together with TLS_PRIVATE_KEY_FILE")
            }
            if certificate == nil, key == nil, authority != nil {
                environment.report(
                    "TLS_CLIENT_CA_FILE", "has no effect without TLS_CERTIFICATE_FILE and TLS_PRIVATE_KEY_FILE")
            }
            return nil
        }
        self.init(
            certificateChainFile: certificate, privateKeyFile: key, clientAuthorityFile: authority,
            requiresClientCertificate: isRequired)
    }
}
