import Testing

@testable import Drills

/// What is judged of health endpoints, metrics and sessions.
struct WatchJudgeTests {
    private func samples(_ seconds: ClosedRange<Int>, _ change: (inout WatchSample) -> Void) -> [WatchSample] {
        seconds.map {
            var sample = WatchSample(seconds: Double($0))
            change(&sample)
            return sample
        }
    }

    private func counts(
        _ samples: [WatchSample], _ absences: [DrillScene.Absence] = [], isStopped: Bool = false
    ) -> [DrillReport.Invariant: Int] {
        let findings = WatchJudge(samples: samples, absences: absences).findings(isStopped: isStopped)
        return findings.reduce(into: [:]) { $0[$1.invariant, default: 0] += $1.count }
    }

    @Test func aServiceThatSaysItIsReadyWithoutPostgresLies() {
        let away = DrillScene.Absence(part: .postgres, from: 10, until: 20)
        let lying = samples(0...30) { $0.ready = [.relay: false, .server: true] }
        #expect(counts(lying, [away])[.honest] == 1)
        let honest = samples(0...30) { $0.ready = [.server: $0.seconds < 12 || $0.seconds > 20] }
        #expect(counts(honest, [away])[.honest] == 0)
        let silent = samples(0...30) { $0.ready = [:] }
        #expect(counts(silent, [away])[.honest] == 0)
    }

    /// A consumer without messages looks at Postgres now and then.
    @Test func aConsumerMayNoticeLater() {
        let away = DrillScene.Absence(part: .postgres, from: 10, until: 30)
        #expect(counts(samples(0...30) { $0.ready = [.projector: $0.seconds < 16] }, [away])[.honest] == 0)
        #expect(counts(samples(0...30) { $0.ready = [.projector: $0.seconds < 18] }, [away])[.honest] == 1)
        #expect(counts(samples(0...30) { $0.ready = [.server: $0.seconds < 16] }, [away])[.honest] == 1)
    }

    @Test func onlyTheRelayHasToNoticeKafka() {
        let away = DrillScene.Absence(part: .kafka, from: 10, until: 20)
        #expect(counts(samples(0...30) { $0.ready = [.projector: true] }, [away])[.honest] == 0)
        #expect(counts(samples(0...30) { $0.ready = [.relay: true] }, [away])[.honest] == 1)
    }

    @Test func aRelayThatSeesNoBacklogForLongLies() {
        let blind = RelayNumbers(unpublished: 0, held: 0, parked: 0, leads: true)
        #expect(
            counts(
                samples(0...10) {
                    ($0.relay, $0.unpublished) = (blind, 500)
                })[.honest] == 1)
        let standby = RelayNumbers(unpublished: 0, held: 0, parked: 0, leads: false)
        #expect(
            counts(
                samples(0...10) {
                    ($0.relay, $0.unpublished) = (standby, 500)
                })[.honest] == 0)
        // It looked once in between.
        #expect(
            counts(
                samples(0...14) {
                    ($0.relay, $0.unpublished) = (blind, $0.seconds == 7 ? 0 : 500)
                })[.honest] == 0)
    }

    @Test func aTransactionThatStaysOpenIsSeen() {
        let idle = samples(0...9) { $0.idleSeconds = $0.seconds / 2 }
        #expect(counts(idle)[.brief] == 1)
        #expect(counts(idle, isStopped: true)[.brief] == 0)
        #expect(counts(samples(0...9) { $0.idleSeconds = 0.1 })[.brief] == 0)
    }

    @Test func numbersAreReadFromTheTextOfMetrics() {
        let text = """
            # HELP outbox_relay_leader 1 while this relay leads.
            outbox_relay_leader 1.0
            outbox_relay_unpublished_rows 12.0
            outbox_relay_parked_keys 2
            outbox_relay_held_rows 7
            outbox_relay_wake_ups_total{cause="timer"} 3
            """
        #expect(RelayNumbers(text) == RelayNumbers(unpublished: 12, held: 7, parked: 2, leads: true))
        #expect(RelayNumbers("outbox_relay_leader 1") == nil)
    }
}
