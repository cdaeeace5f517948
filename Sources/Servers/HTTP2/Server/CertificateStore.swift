import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// Holds the TLS context for new connections, and replaces it when its files have changed.
///
/// The files are examined when a connection arrives, at most once per `reloadInterval`; there is no timer. If changed
/// files cannot be loaded (half written, or a key that does not belong to its certificate) the old context stays.
final class CertificateStore: Sendable {
    private let configuration: HTTP2TLSConfiguration
    private let checkInterval: TimeAmount
    private let state: NIOLockedValueBox<State>

    private struct State {
        var context: NIOSSLContext
        var signature: [Signature]
        var nextCheck: NIODeadline
    }

    /// Distinguishes the versions of a file.
    private struct Signature: Equatable {
        var inode: UInt
        var size: Int
        var seconds: Int
        var nanoseconds: Int
    }

    /// Loads the files. Throws if they cannot be used.
    init(_ configuration: HTTP2TLSConfiguration) throws(HTTP2Error) {
        self.configuration = configuration
        checkInterval = TimeAmount(configuration.reloadInterval)
        let signature = Self.signature(configuration)
        let context = try Self.load(configuration)
        state = NIOLockedValueBox(State(context: context, signature: signature, nextCheck: .now() + checkInterval))
    }

    /// The context for a new connection. `reloadFailed` is called with the error when changed files cannot be loaded.
    func current(reloadFailed: (any Error) -> Void) -> NIOSSLContext {
        state.withLockedValue { state in
            let now = NIODeadline.now()
            guard now >= state.nextCheck else { return state.context }
            state.nextCheck = now + checkInterval
            let signature = Self.signature(configuration)
            guard signature != state.signature else { return state.context }
            do {
                state.context = try Self.load(configuration)
                state.signature = signature
            } catch {
                reloadFailed(error)
            }
            return state.context
        }
    }

    private static func signature(_ configuration: HTTP2TLSConfiguration) -> [Signature] {
        let files = [
            configuration.certificateChainFile, configuration.privateKeyFile, configuration.clientAuthorityFile,
        ]
        return files.compactMap { $0 }.map { path in
            var info = stat()
            guard stat(path, &info) == 0 else { return Signature(inode: 0, size: 0, seconds: 0, nanoseconds: 0) }
            return Signature(
                inode: UInt(info.st_ino), size: Int(info.st_size), seconds: info.st_mtim.tv_sec,
                nanoseconds: info.st_mtim.tv_nsec)
        }
    }

    private static func load(_ configuration: HTTP2TLSConfiguration) throws(HTTP2Error) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(configuration.certificateChainFile)
            let key = try NIOSSLPrivateKey(file: configuration.privateKeyFile, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["h2"]
            if let authorities = configuration.clientAuthorityFile {
                tls.trustRoots = .file(authorities)
                tls.certificateVerification =
                    configuration.requiresClientCertificate
                    ? .noHostnameVerification : .optionalVerification
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            let files = "\(configuration.certificateChainFile), \(configuration.privateKeyFile)"
            throw HTTP2Error(.tls, "cannot use the certificate and key in \(files)", cause: error)
        }
    }
}
