import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// What the relay's settings say about TLS and SASL reaches a broker, and a failure is told in the log, without a
    /// secret.
    @Suite struct SecureKafkaTests {
        private static let password = "s3cret-word"

        @Test func aBrokerWithTheRightCertificateIsTrusted() async throws {
            try await withKeys { keys in
                let seen = try await Self.connect(keys, ["broker.pem", "broker.key"], Self.tls(keys))
                #expect(seen.broker.contains("tls"))
            }
        }

        /// The authority, or the name, is another.
        @Test(arguments: [("broker", "stranger-ca.pem"), ("elsewhere", "ca.pem")])
        func aBrokerWithAWrongCertificateIsRefusedAndTheLogSaysWhy(_ broker: String, _ authority: String) async throws {
            try await withKeys { keys in
                let settings = Self.tls(keys, authority: authority)
                let seen = try await Self.connect(
                    keys, ["\(broker).pem", "\(broker).key"], settings, fails: "certificate verify failed")
                #expect(!seen.broker.contains("metadata"))
            }
        }

        @Test func aClientCertificateIsShownWhereTheBrokerAsksForIt() async throws {
            try await withKeys { keys in
                let own = [
                    "KAFKA_SSL_CERTIFICATE_LOCATION": "\(keys)/relay.pem",
                    "KAFKA_SSL_KEY_LOCATION": "\(keys)/relay.key",
                ]
                let seen = try await Self.connect(
                    keys, ["broker.pem", "broker.key", "\(keys)/ca.pem"], Self.tls(keys).merging(own) { _, new in new },
                    shows: "certificate relay")
                #expect(seen.broker.contains("certificate relay"))
            }
        }

        @Test(arguments: ["PLAIN", "SCRAM-SHA-256"])
        func aPasswordFromAFileLetsTheRelayIn(_ mechanism: String) async throws {
            try await withKeys { keys in
                let settings = try Self.sasl(keys, mechanism, password: Self.password)
                let seen = try await Self.connect(
                    keys, ["broker.pem", "broker.key"], settings, shows: "sasl \(mechanism) relay ok")
                #expect(seen.broker.contains("sasl \(mechanism) relay ok"))
                #expect(!seen.relay.contains { $0.contains(Self.password) })
            }
        }

        @Test func aWrongPasswordIsToldWithoutShowingIt() async throws {
            try await withKeys { keys in
                let settings = try Self.sasl(keys, "SCRAM-SHA-256", password: "an0ther-word")
                let seen = try await Self.connect(
                    keys, ["broker.pem", "broker.key"], settings, shows: "sasl SCRAM-SHA-256 relay wrong",
                    fails: "wrong credentials")
                #expect(seen.broker.contains("sasl SCRAM-SHA-256 relay wrong"))
                #expect(!seen.relay.contains { $0.contains("an0ther-word") })
            }
        }

        @Test func aTokenIsShown() async throws {
            try await withKeys { keys in
                let settings = [
                    "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext", "KAFKA_SASL_MECHANISMS": "OAUTHBEARER",
                    "KAFKA_ENABLE_SASL_OAUTHBEARER_UNSECURE_JWT": "true",
                    "KAFKA_SASL_OAUTHBEARER_CONFIG": "principal=relay",
                ]
                let seen = try await Self.connect(keys, ["-", "-"], settings, shows: "sasl OAUTHBEARER relay ok")
                #expect(seen.broker.contains("sasl OAUTHBEARER relay ok"))
            }
        }

        private static func tls(_ keys: String, authority: String = "ca.pem") -> [String: String] {
            [
                "KAFKA_SECURITY_PROTOCOL": "ssl", "KAFKA_SSL_CA_LOCATION": "\(keys)/\(authority)",
                "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "https",
            ]
        }

        private static func sasl(_ keys: String, _ mechanism: String, password: String) throws -> [String: String] {
            let file = "\(keys)/password"
            try (password + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let settings = [
                "KAFKA_SECURITY_PROTOCOL": "sasl_ssl", "KAFKA_SASL_MECHANISMS": mechanism,
                "KAFKA_SASL_USERNAME": "relay",
                "KAFKA_SASL_PASSWORD_FILE": file,
            ]
            return tls(keys).merging(settings) { _, new in new }
        }

        /// Starts a broker and a relay, and waits until the relay's look at Kafka has succeeded, or has failed for this
        /// reason, and the broker has said what it was shown.
        private static func connect(
            _ keys: String, _ broker: [String], _ settings: [String: String], shows: String? = nil,
            fails reason: String? = nil
        ) async throws -> (broker: [String], relay: [String]) {
            let script = TestPaths.root.appending(path: "Tests/Clients/secure_broker.py").path
            let paths = broker.map { $0.hasPrefix("-") || $0.hasPrefix("/") ? $0 : "\(keys)/\($0)" }
            let server = try await ManagedProcess.start(URL(filePath: "/usr/bin/python3"), [script, password] + paths)
            defer { server.abandon() }
            let port = try await server.line(containing: "PORT").dropFirst("PORT ".count)
            let variables = [
                "DATABASE_URL": "postgresql://127.0.0.1:1/none", "RELAY_ADMIN_PORT": "-1",
                "KAFKA_BOOTSTRAP_SERVERS": "localhost:\(port)", "KAFKA_BROKER_ADDRESS_FAMILY": "v4",
            ]
            let relay = try await ManagedProcess.start(
                TestPaths.binary("outbox-relay"), environment: variables.merging(settings) { _, new in new })
            defer { relay.abandon() }
            _ = try await relay.line(containing: reason ?? "topics=0")
            if let shows { _ = try await server.line(containing: shows) }
            return (server.output, relay.output)
        }

        /// Runs `body` with a folder of fresh keys: an authority, a broker called localhost, one called otherwise, the
        /// relay's own.
        private func withKeys(_ body: (_ folder: String) async throws -> Void) async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID())").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try await Command.output(["bash", "-euc", Self.makeKeys, folder])
            try await body(folder)
        }

        private static let makeKeys = """
            cd "$0"
            authority() {
                openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 2
            }
            signed() {
                openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2"
                openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.pem" -days 2 \\
                    -extfile <(echo "subjectAltName=DNS:$2")
            }
            authority ca
            authority stranger-ca
            signed broker localhost
            signed elsewhere elsewhere.example
            signed relay relay
            """
    }
}
