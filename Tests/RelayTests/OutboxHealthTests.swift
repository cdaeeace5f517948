import Admin
import Kafka
import Testing

@testable import Outbox
@testable import outbox_relay

@Suite struct OutboxHealthTests {
    private func health(_ kafka: String? = nil, _ change: (inout RelayStatus.Picture) -> Void) -> OutboxHealth {
        var picture = RelayStatus.Picture()
        change(&picture)
        return OutboxHealth(now: picture, failure: nil, kafka: kafka)
    }

    @Test func aSilentThreadIsAReasonToRestart() {
        let silence = Duration.seconds(OutboxLimits.hangSeconds + 1)
        #expect(!health { $0.heartbeat = .now - silence }.liveness.isOK)
        #expect(!health { $0.leadHeartbeat = .now - silence }.liveness.isOK)
        #expect(health { _ in }.liveness.isOK)
    }

    @Test func troubleOfOthersIsNoReasonToRestart() {
        let troubled = health("brokers down") {
            $0.trouble = "connection refused"
            $0.blocker = "backend 7"
        }
        #expect(troubled.liveness.isOK)
        #expect(OutboxHealth(now: RelayStatus.Picture(), failure: "foreign").liveness.isOK)
    }

    @Test func readinessSaysWhatItIsAndWhoIsInTheWay() {
        func said(_ health: OutboxHealth) -> String { "\(health.readiness.isOK) \(health.readiness.message)" }
        #expect(said(health { $0.phase = .idle }) == "true leading, idle")
        #expect(said(health { ($0.phase, $0.parkedKeys) = (.draining, 2) }) == "true leading, behind, 2 keys parked")
        #expect(said(health { ($0.phase, $0.leader) = (.standby, "backend 7") }) == "true standby: backend 7 leads")
        #expect(said(health { ($0.phase, $0.parkedKeys) = (.idle, 1) }) == "true leading, idle, 1 key parked")
        #expect(
            said(health { ($0.phase, $0.isPolling) = (.idle, true) })
                == "true leading, idle, polling: a transaction pooler is in between")
        #expect(said(health { $0.phase = .standby }) == "true standby: another relay leads")
        #expect(said(health { _ in }) == "false connecting to Postgres")
        #expect(said(health { $0.trouble = "MSG_SIZE_TOO_LARGE" }) == "false blocked: MSG_SIZE_TOO_LARGE")
        #expect(said(health { $0.blocker = "backend 7" }) == "false blocked: Postgres waits for backend 7")
        #expect(said(health("brokers down") { $0.phase = .draining }) == "false blocked: Kafka: brokers down")
        // An idle connection that a broker closes is no news before there is something to send.
        #expect(said(health("brokers down") { $0.phase = .idle }) == "true leading, idle")
        #expect(said(OutboxHealth(now: RelayStatus.Picture(), failure: "foreign")) == "false failed: foreign")
    }

    @Test func aComplaintIsOldOnceKafkaHasAcknowledgedARow() {
        let condition = KafkaCondition()
        #expect(condition.lastError(since: nil) == nil)
        let before = ContinuousClock.now
        condition.note(.error(KafkaError(.allBrokersDown, "1/1 brokers are down")))
        #expect(condition.lastError(since: before)?.contains("1/1 brokers are down") == true)
        #expect(condition.lastError(since: .now) == nil)
    }
}
