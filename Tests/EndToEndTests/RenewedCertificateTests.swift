import HTTP2TestKit
import TestKit
import Testing

extension EndToEndTests {
    /// The certificate with which processes go to Kafka expires while they run, and is renewed on disk.
    @Suite struct RenewedCertificateTests {
        /// librdkafka reads the files once: without another client the processes would have to be restarted.
        @Test(.switchesKafka, arguments: ["at-least-once", "exactly-once"])
        func processesTakeItWithoutARestart(_ delivery: String) async throws {
            let authority = try TestAuthority()
            defer { authority.remove() }
            try authority.issue("client", name: "client", days: -1)
            let kafka = try await onThread {
                try StrictKafka(
                    certificate: authority.path("server.crt"), key: authority.path("server.key"),
                    clientAuthority: authority.path("ca.crt"))
            }
            defer { kafka.close() }
            try await TestStack.withServer { stack in
                let topic = stack.kafka.topic("order")
                try await onThread { _ = try kafka.control("topic \(topic) 4") }
                var settings = [
                    "KAFKA_BOOTSTRAP_SERVERS": kafka.address, "KAFKA_SECURITY_PROTOCOL": "ssl",
                    "KAFKA_SSL_CA_LOCATION": authority.path("ca.crt"),
                    "KAFKA_SSL_CERTIFICATE_LOCATION": authority.path("client.crt"),
                    "KAFKA_SSL_KEY_LOCATION": authority.path("client.key"),
                ]
                let services: [TestStack.Service] = [.relay, .projector, .payments]
                for service in services {
                    settings["RELAY_DELIVERY"] = service == .relay ? delivery : nil
                    try await stack.start(service, settings)
                }
                let order = try await stack.place()
                try await stack.relayTells("/readyz", "blocked")
                for service in services {
                    _ = try await stack.process(service).line(containing: "SSL routines")
                }
                try authority.issue("client", name: "client")
                try await stack.waitForPayment(order, status: 3)
                for service in services { try await stack.healthy(service) }
            }
        }
    }
}
