import Foundation
import HTTP2TestKit
import NIOCore
import NIOPosix
import NIOSSL

/// Sends a GET for `/` over TLS.
enum TLSClient {
    struct Session {
        /// A response came.
        var isServed: Bool
        /// The common name of the server's certificate.
        var serverName: String?
    }

    static func get(
        port: Int, protocols: [String] = ["h2"], identity: (certificate: String, key: String)? = nil
    ) async throws -> Session {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        tls.applicationProtocols = protocols
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: identity.key, format: .pem))
        }
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
            host: "127.0.0.1", port: port
        ) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: nil))
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            let request = RawFrame(
                RawFrame.Kind.headers, flags: RawFrame.Flag.endHeaders | RawFrame.Flag.endStream, stream: 1,
                HeaderEncoder.encode(HeaderEncoder.get("/")))
            var session = Session(isServed: false)
            do {
                try await outbound.write(
                    ByteBuffer(
                        bytes: RawConnection.preface + RawFrame(RawFrame.Kind.settings).bytes() + request.bytes()))
                var received = ByteBuffer()
                for try await part in inbound {
                    received.writeImmutableBuffer(part)
                    if containsResponse(&received) {
                        session.isServed = true
                        break
                    }
                }
            } catch {
                // The server refused the handshake.
            }
            let certificate = try? await channel.channel.nioSSL_peerCertificate().get()
            session.serverName = certificate.map { String(describing: $0) }.flatMap { text in
                text.range(of: "common_name=").map { String(text[$0.upperBound...].prefix { $0 != ";" && $0 != ">" }) }
            }
            return session
        }
    }

    /// Whether a HEADERS frame of stream 1 is among the complete frames; they are consumed.
    private static func containsResponse(_ buffer: inout ByteBuffer) -> Bool {
        while buffer.readableBytes >= 9, let head = buffer.getBytes(at: buffer.readerIndex, length: 9) {
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard buffer.readableBytes >= 9 + length else { return false }
            buffer.moveReaderIndex(forwardBy: 9 + length)
            if head[3] == RawFrame.Kind.headers, head[8] == 1 { return true }
        }
        return false
    }
}
