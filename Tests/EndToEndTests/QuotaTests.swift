import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// A quota is used up: the broker answers, and reads the next request later.
    @Suite struct QuotaTests {
        /// Everything flows, late. Readiness stays and names the broker, and so do a metric and one line.
        @Test(.switchesKafka) func aBrokerThatThrottlesIsNamed() async throws {
            try await TestStack.bare(isStrict: true) { stack in
                try await stack.migrate()
                let services: [TestStack.Service] = [.server, .relay, .projector, .payments]
                for service in services { try await stack.start(service) }
                for service in services { try await stack.healthy(service) }
                let consumers: [TestStack.Service] = [.relay, .projector, .payments]
                for service in consumers {
                    #expect(try await stack.metric("kafka_throttled_answers_total", of: service) == 0)
                }
                for call in ["produce", "fetch"] { try await stack.kafka.control("throttle \(call) 700") }
                let id = try await stack.place()
                try await stack.waitForPayment(id, status: 3)
                for service in consumers {
                    try await stack.tells(service, "/readyz", "Kafka throttles by quota: ")
                    try await stack.tells(service, "/readyz", " delays the next request by 700 ms")
                    try await stack.healthy(service)
                    #expect(try await stack.metric("kafka_throttled_answers_total", of: service) > 0)
                    let lines = try stack.process(service).output.filter { $0.contains("Kafka throttles by quota") }
                    #expect(lines.count == 1, "\(service.rawValue): \(lines)")
                }
                for call in ["produce", "fetch"] { try await stack.kafka.control("throttle \(call) 0") }
                let next = try await stack.place()
                try await stack.waitForPayment(next, status: 3)
                for service in consumers {
                    try await stack.tells(service, "/metrics", "kafka_throttle_seconds 0.0")
                }
                try await stack.expectInvariants()
            }
        }
    }
}
