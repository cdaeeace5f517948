import Operations
import Testing

@testable import Drills
@testable import Verify

/// What is judged, and what is shown of it.
struct DrillReportTests {
    private func audit(_ differences: [DifferenceKind: Int] = [:], _ known: KnownCases = .init()) -> AuditReport {
        AuditReport(
            takenAt: Moment(microseconds: 0), seconds: 1, peakBytes: 0, checked: .init(),
            differences: Dictionary(uniqueKeysWithValues: differences.map { ($0.key.rawValue, $0.value) }),
            examples: differences.keys.map { Difference(kind: $0, key: "order/<1>", text: "what") }, known: known,
            unjudged: [])
    }

    @Test func eachKindOfDifferenceViolatesAnInvariant() {
        for kind in DifferenceKind.allCases {
            var judge = DrillJudge()
            judge.take(audit([kind: 3]), delivery: .atLeastOnce)
            #expect(judge.violations.values.reduce(0, +) == 3)
            #expect(judge.findings.count == 1)
        }
    }

    @Test func whatIsStillOnItsWayIsNotDrained() {
        var known = KnownCases()
        (known.onTheirWay, known.held, known.notProjectedYet) = (1, 2, 3)
        var judge = DrillJudge()
        judge.take(audit([:], known), delivery: .atLeastOnce)
        #expect(judge.violations[.drained] == 6)
    }

    @Test func repetitionsCountOnlyWithExactlyOnceDelivery() {
        var known = KnownCases()
        known.duplicates = 4
        var (least, exactly) = (DrillJudge(), DrillJudge())
        least.take(audit([:], known), delivery: .atLeastOnce)
        exactly.take(audit([:], known), delivery: .exactlyOnce)
        #expect(least.violations[.single] == nil)
        #expect(exactly.violations[.single] == 4)
    }

    @Test func repetitionsCountIfProcessesWereOnlyStopped() {
        var known = KnownCases()
        known.duplicates = 4
        var judge = DrillJudge()
        judge.take(audit([:], known), delivery: .atLeastOnce, onlyStops: true)
        #expect(judge.violations[.single] == 4)
    }

    @Test func aLongWaitIsNotQuick() {
        var (slow, quick) = (DrillJudge(), DrillJudge())
        slow.take(worstWait: 4)
        quick.take(worstWait: 1)
        #expect(slow.violations[.quick] == 1 && quick.violations[.quick] == 0)
    }

    @Test func namesAreUnique() {
        #expect(Set(Drills.all.map(\.name)).count == Drills.all.count)
        #expect(Drills.named("mixed")?.name == "mixed")
    }

    @Test func thePageShowsRunsAndEscapesTexts() {
        var report = DrillReport(beganAt: Moment(microseconds: 0), delivery: "at-least-once")
        report.runs = [
            .init(
                name: "kill-relay", summary: "kill -9", seed: 7, violations: ["published": 2, "durable": 0],
                findings: ["published: order/<1>"], isBroken: false, acknowledged: 10, duplicates: 1,
                recoverySeconds: 0.5, worstWaitSeconds: 0.25, seconds: 4, audited: nil,
                marks: [.init(seconds: 1, text: "kill <it>")],
                samples: [.init(seconds: 1, ordersPerSecond: 5, backlog: nil, worstWaitSeconds: 0.1)], logs: nil,
                command: "outboxctl drill run kill-relay --seed 7")
        ]
        let html = DrillPage(report).html
        #expect(html.contains("order/&lt;1>"))
        #expect(html.contains("kill &lt;it>"))
        #expect(html.contains("--seed 7"))
        #expect(!report.isClean)
        #expect(report.violations == 2)
    }

    @Test func aSeedDecidesTheRandomNumbers() {
        var (one, same, other) = (DrillRandom(seed: 1), DrillRandom(seed: 1), DrillRandom(seed: 2))
        let numbers = (0..<10).map { _ in one.next() }
        #expect(numbers == (0..<10).map { _ in same.next() })
        #expect(numbers != (0..<10).map { _ in other.next() })
    }
}
