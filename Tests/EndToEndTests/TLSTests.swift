import Foundation
import HTTP2TestKit
import TestKit
import Testing

extension EndToEndTests {
    /// The gRPC port with certificates, as `orders-server`'s settings switch them on.
    @Suite struct TLSTests {
        /// Runs a test on a server that asks its clients for a certificate.
        private func withTLS(
            _ settings: [String: String] = [:], _ body: (TestStack, TestAuthority) async throws -> Void
        ) async throws {
            let authority = try TestAuthority()
            defer { authority.remove() }
            try authority.issue("client", name: "client")
            var environment = [
                "TLS_CERTIFICATE_FILE": authority.path("server.crt"),
                "TLS_PRIVATE_KEY_FILE": authority.path("server.key"),
                "TLS_CLIENT_CA_FILE": authority.path("ca.crt"),
            ]
            environment.merge(settings) { $1 }
            try await TestStack.withServer(environment) { try await body($0, authority) }
        }

        /// Asks for a path over TLS with curl: status, HTTP version, and whose certificate the server showed.
        private func get(_ stack: TestStack, _ authority: TestAuthority, _ more: [String]) async throws
            -> Command.Result
        {
            let url = "https://\(stack.grpcAddress)/livez"
            let shown = [
                "--silent", "--show-error", "--write-out", "%{http_code} HTTP/%{http_version}", "--output", "/dev/null",
                "--verbose",
            ]
            return try await Command.run(
                ["curl", "--http2", "--cacert", authority.path("ca.crt")] + shown + more + [url])
        }

        private func expectService(_ stack: TestStack, _ authority: TestAuthority, _ more: [String]) async throws {
            let result = try await get(stack, authority, more)
            #expect(result.output == "200 HTTP/2", "\(result.errors)")
        }

        private func expectRefusal(_ stack: TestStack, _ authority: TestAuthority, _ more: [String]) async throws {
            let result = try await get(stack, authority, more)
            #expect(result.exitCode != 0 && !result.output.hasPrefix("200"), "\(result.errors)")
        }

        private func identity(_ authority: TestAuthority) -> [String] {
            ["--cert", authority.path("client.crt"), "--key", authority.path("client.key")]
        }

        @Test func googlesClientTalksWithItsCertificate() async throws {
            try await withTLS { stack, authority in
                let result = try await Command.run([
                    try await Command.python(), "Tests/Clients/grpc_behaviour.py", stack.grpcAddress, "--metrics",
                    stack.httpURL,
                    "--authority", authority.path("ca.crt"), "--certificate", authority.path("client.crt"), "--key",
                    authority.path("client.key"),
                ])
                #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
            }
        }

        @Test func aClientWithoutACertificateIsTurnedAwayUnlessItIsOptional() async throws {
            try await withTLS { stack, authority in
                try await expectService(stack, authority, identity(authority))
                try await expectRefusal(stack, authority, [])
                // A certificate of somebody else's authority is as good as none.
                let stranger = try TestAuthority()
                defer { stranger.remove() }
                try stranger.issue("client", name: "stranger")
                try await expectRefusal(stack, authority, identity(stranger))
            }
            try await withTLS(["TLS_REQUIRE_CLIENT_CERTIFICATE": "false"]) { stack, authority in
                try await expectService(stack, authority, [])
                try await expectService(stack, authority, identity(authority))
            }
        }

        @Test func aRenewedCertificateIsTakenWithoutARestart() async throws {
            try await withTLS { stack, authority in
                let before = try await get(stack, authority, identity(authority))
                #expect(before.errors.contains("CN=first"), "\(before.errors)")
                try authority.issue("server", name: "second")
                // Asks again and again: the files are looked at once a second, and a key without its certificate is not
                // taken.
                var after = before
                let deadline = ContinuousClock.now + .seconds(30)
                while !after.errors.contains("CN=second"), .now < deadline {
                    after = try await get(stack, authority, identity(authority))
                }
                #expect(after.output == "200 HTTP/2")
                #expect(after.errors.contains("CN=second"), "\(after.errors)")
            }
        }

        /// The judge of plain HTTP/2, through TLS: ALPN, and records that cut frames anywhere.
        @Test func http2ConformsOverTLS() async throws {
            try await withTLS(["TLS_REQUIRE_CLIENT_CERTIFICATE": "false"]) { stack, authority in
                let script = [try await Command.python(), "Tests/Clients/http2_conformance.py", stack.grpcAddress]
                let result = try await Command.run(script + ["--authority", authority.path("ca.crt")])
                #expect(result.output.contains("on 2 transports, 0 failed"), "\(result.output)\(result.errors)")
            }
        }
    }
}
