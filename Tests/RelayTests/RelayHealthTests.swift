import Admin
import Testing

@testable import outbox_relay

@Suite struct RelayHealthTests {
    @Test func oneOutboxIsToldWithoutAName() {
        let health = RelayHealth.together([(nil, .ok("leading, idle"))])
        #expect(health.isOK)
        #expect(health.message == "leading, idle")
    }

    @Test func oneThatIsNotWellIsNamedBesideTheOthers() {
        let health = RelayHealth.together([
            ("orders", .ok("leading, idle")), ("billing", .failing("blocked: no Kafka")),
        ])
        #expect(!health.isOK)
        #expect(health.message == "orders: leading, idle\nbilling: blocked: no Kafka")
    }
}
