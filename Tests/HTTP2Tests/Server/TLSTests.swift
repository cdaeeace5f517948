import Foundation
import HTTP2
import HTTP2TestKit
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// TLS with ALPN, renewed certificates, client certificates; certificates are made by openssl for each test.
@Suite struct TLSTests {
    @Test func anEncryptedConnectionNegotiatesH2AndIsServed() async throws {
        let authority = try TestAuthority()
        defer { authority.remove() }
        try await withServer(ProbeApplication(), tls: authority.tls()) { port, _ in
            let session = try await TLSClient.get(port: port)
            #expect(session.isServed)
            #expect(session.serverName == "first")
        }
    }

    @Test func aClientThatDoesNotOfferH2IsTurnedAway() async throws {
        let authority = try TestAuthority()
        defer { authority.remove() }
        try await withServer(ProbeApplication(), tls: authority.tls()) { port, _ in
            let session = try await TLSClient.get(port: port, protocols: ["http/1.1"])
            #expect(!session.isServed)
        }
    }

    @Test func aRenewedCertificateIsUsedWithoutARestart() async throws {
        let authority = try TestAuthority()
        defer { authority.remove() }
        var tls = authority.tls()
        tls.reloadInterval = .zero
        try await withServer(ProbeApplication(), tls: tls) { port, _ in
            expectSame(try await TLSClient.get(port: port).serverName, "first")
            try authority.issue("server", name: "second")
            expectSame(try await TLSClient.get(port: port).serverName, "second")
        }
    }

    @Test func aRenewalThatCannotBeReadLeavesTheFormerInUse() async throws {
        let authority = try TestAuthority()
        defer { authority.remove() }
        var tls = authority.tls()
        tls.reloadInterval = .zero
        try await withServer(ProbeApplication(), tls: tls) { port, _ in
            try "half a cert".write(toFile: authority.path("server.crt"), atomically: true, encoding: .utf8)
            expectSame(try await TLSClient.get(port: port).serverName, "first")
        }
    }

    @Test func aClientCertificateCanBeRequired() async throws {
        let authority = try TestAuthority()
        defer { authority.remove() }
        try authority.issue("client", name: "client")
        var tls = authority.tls()
        tls.clientAuthorityFile = authority.path("ca.crt")
        try await withServer(ProbeApplication(), tls: tls) { port, _ in
            let stranger = try await TLSClient.get(port: port)
            #expect(!stranger.isServed)
            let key = (authority.path("client.crt"), authority.path("client.key"))
            let friend = try await TLSClient.get(port: port, identity: key)
            #expect(friend.isServed)
        }
    }

    @Test func aMissingCertificateIsAnErrorAtStart() throws {
        let tls = HTTP2TLSConfiguration(
            certificateChainFile: "/nonexistent/a.pem", privateKeyFile: "/nonexistent/b.pem")
        let group = MultiThreadedEventLoopGroup.singleton
        #expect {
            try HTTP2Server(
                configuration: HTTP2ServerConfiguration(tls: tls), group: group, application: ProbeApplication(),
                logger: .init(label: "test"))
        } throws: { ($0 as? HTTP2Error)?.description.contains("/nonexistent/a.pem") == true }
    }
}
