import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// The password with which processes go to Kafka is changed while they run, on the brokers and in its file.
    @Suite struct RotatedPasswordTests {
        /// Connections that are open go on with the old one. Here they are closed, and the brokers know the new one
        /// first.
        @Test(.switchesKafka, arguments: ["at-least-once", "exactly-once"])
        func processesTakeItWithoutARestart(_ delivery: String) async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "passwords-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let (brokers, own) = (folder.appending(path: "brokers"), folder.appending(path: "own"))
            for file in [brokers, own] { try Self.write("first-word", to: file) }
            let kafka = try await onThread { try StrictKafka(passwordFile: brokers.path) }
            defer { kafka.close() }
            try await TestStack.withServer { stack in
                let topic = stack.kafka.topic("order")
                try await onThread { _ = try kafka.control("topic \(topic) 4") }
                var settings = [
                    "KAFKA_BOOTSTRAP_SERVERS": kafka.address, "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext",
                    "KAFKA_SASL_MECHANISMS": "PLAIN", "KAFKA_SASL_USERNAME": "shop",
                    "KAFKA_SASL_PASSWORD_FILE": own.path,
                ]
                let services: [TestStack.Service] = [.relay, .projector, .payments]
                for service in services {
                    settings["RELAY_DELIVERY"] = service == .relay ? delivery : nil
                    try await stack.start(service, settings)
                }
                try await stack.waitForPayment(try await stack.place(), status: 3)
                try Self.write("second-word", to: brokers)
                try await onThread { _ = try kafka.control("drop-connections") }
                let order = try await stack.place()
                for service in services {
                    _ = try await stack.process(service).line(containing: "wrong credentials")
                }
                try await stack.relayTells("/readyz", "blocked")
                try Self.write("second-word", to: own)
                try await stack.waitForPayment(order, status: 3)
                for service in services {
                    try await stack.healthy(service)
                    let output = try stack.process(service).output
                    #expect(output.contains { $0.contains("user or password have changed") }, "\(service.rawValue)")
                    #expect(!output.contains { $0.contains("-word") }, "\(service.rawValue)")
                }
            }
        }

        /// As a secret is replaced: by renaming.
        private static func write(_ password: String, to file: URL) throws {
            try (password + "\n").write(to: file, atomically: true, encoding: .utf8)
        }
    }
}
