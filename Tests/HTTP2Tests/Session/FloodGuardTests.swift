import Testing

@testable import HTTP2

@Suite struct FloodGuardTests {
    private func guardian(burst: Int, perSecond: Int) -> FloodGuard {
        var limits = HTTP2Limits()
        limits.controlFrameBurst = burst
        limits.controlFramesPerSecond = perSecond
        return FloodGuard(limits: limits)
    }

    @Test func aBurstIsToleratedAndNoMore() {
        var flood = guardian(burst: 3, perSecond: 1)
        for _ in 1...3 { #expect(flood.received() == .tolerated) }
        #expect(flood.received() == .flood)
    }

    @Test func timeEarnsFramesUpToTheBurst() {
        var flood = guardian(burst: 3, perSecond: 2)
        for _ in 1...3 { #expect(flood.received() == .tolerated) }
        flood.elapsed(.milliseconds(1_000))
        for _ in 1...2 { #expect(flood.received() == .tolerated) }
        #expect(flood.received() == .flood)
        flood.elapsed(.seconds(100))
        for _ in 1...3 { #expect(flood.received() == .tolerated) }
        #expect(flood.received() == .flood)
    }

    @Test func aReaderOfOurDataMayUpdateItsWindows() {
        var flood = guardian(burst: 5, perSecond: 1)
        for _ in 1...1_000 {
            flood.sentData()
            for _ in 1...4 { #expect(flood.received() == .tolerated) }
        }
    }
}
