import Testing

@testable import Payments

@Suite struct GatewayLimitTests {
    /// Rounds of calls, as many at once as the limit allows; each answer takes `latency` of the calls at once.
    private func run(_ limit: inout GatewayLimit, rounds: Int, latency: (Int) -> Duration?) {
        for _ in 0..<rounds {
            let calls = limit.current
            for _ in 0..<calls { limit.began() }
            for _ in 0..<calls { limit.ended(latency(calls)) }
        }
    }

    @Test func aGatewayThatStaysQuickGetsMoreCalls() {
        var limit = GatewayLimit(most: 4_096)
        #expect(limit.current == 64)
        run(&limit, rounds: 3) { _ in .milliseconds(50) }
        #expect(limit.current == 512)
        run(&limit, rounds: 10) { _ in .milliseconds(50) }
        #expect(limit.current == 4_096)
    }

    @Test func callsThatWaitForEachOtherAtTheGatewayAreTooMany() {
        // 200 at once take 50 ms, each further one prolongs all of them.
        func latency(_ calls: Int) -> Duration { .milliseconds(50) * max(1, Double(calls) / 200) }
        var limit = GatewayLimit(most: 4_096)
        var seen: [Int] = []
        for _ in 0..<60 {
            run(&limit, rounds: 1) { latency($0) }
            seen.append(limit.current)
        }
        // Enough for the whole rate of the gateway, and a queue there of at most a few rounds.
        #expect(seen.dropFirst(10).allSatisfy { (150...700).contains($0) }, "\(seen)")
    }

    @Test func aLimitThatIsNotUsedUpDoesNotGrow() {
        var limit = GatewayLimit(most: 4_096)
        for _ in 0..<1_000 {
            limit.began()
            limit.ended(.milliseconds(1))
        }
        #expect(limit.current == 64)
    }

    @Test func failuresHalveIt() {
        var limit = GatewayLimit(most: 4_096)
        run(&limit, rounds: 2) { _ in .milliseconds(50) }
        #expect(limit.current == 256)
        run(&limit, rounds: 2) { _ in nil }
        #expect(limit.current == 64)
        run(&limit, rounds: 20) { _ in nil }
        #expect(limit.current == 1)
        #expect(limit.hasRoom)
    }

    @Test func aGatewayThatHasBecomeSlowerForGoodIsAcceptedAfterAWhile() {
        var limit = GatewayLimit(most: 1_024)
        run(&limit, rounds: 10) { _ in .milliseconds(1) }
        #expect(limit.current == 1_024)
        run(&limit, rounds: 8) { _ in .milliseconds(500) }
        #expect(limit.current < 64)
        run(&limit, rounds: 100) { _ in .milliseconds(500) }
        #expect(limit.current == 1_024)
    }

    @Test func theBoundOfTheSettingHolds() {
        var limit = GatewayLimit(most: 1)
        #expect(limit.current == 1)
        limit.began()
        #expect(!limit.hasRoom)
        limit.ended(.milliseconds(50))
        #expect(limit.current == 1)
        #expect(limit.hasRoom)
    }
}
