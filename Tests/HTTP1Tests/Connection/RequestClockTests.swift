import Testing

@testable import HTTP1

struct RequestClockTests {
    private let limits = HTTP1Limits()
    private func at(_ seconds: Int) -> Duration { .seconds(1000 + seconds) }
    private func clock() -> RequestClock { RequestClock(limits: limits, now: at(0)) }

    @Test func aNewConnectionMayBeQuietForAWhile() {
        var clock = clock()
        #expect(clock.tick(now: at(74), .init()) == .none)
        #expect(clock.tick(now: at(75), .init()) == .close)
    }

    @Test func eachRequestHasItsOwnTime() {
        var clock = clock()
        #expect(clock.tick(now: at(1), .init(isReceiving: true)) == .none)
        #expect(clock.tick(now: at(10), .init(isReceiving: true)) == .none)
        #expect(clock.tick(now: at(11), .init(isReceiving: true, requests: 1)) == .none)
        #expect(clock.tick(now: at(20), .init(isReceiving: true, requests: 1)) == .none)
        #expect(clock.tick(now: at(21), .init(isReceiving: true, requests: 1)) == .refuse)
    }

    @Test func anAnswerMayTakeAnyTime() {
        var clock = clock()
        #expect(clock.tick(now: at(1), .init(isAnswering: true)) == .none)
        #expect(clock.tick(now: at(10_000), .init(isAnswering: true)) == .none)
        #expect(clock.tick(now: at(10_001), .init(requests: 1)) == .none)
        #expect(clock.tick(now: at(10_076), .init(requests: 1)) == .close)
    }

    @Test func aReaderMayBeSlowButNotStandStill() {
        var clock = clock()
        #expect(clock.tick(now: at(1), .init(isAnswering: true, isBlocked: true)) == .none)
        #expect(clock.tick(now: at(60), .init(isAnswering: true, isBlocked: true, progressed: true)) == .none)
        #expect(clock.tick(now: at(119), .init(isAnswering: true, isBlocked: true)) == .none)
        #expect(clock.tick(now: at(120), .init(isAnswering: true, isBlocked: true)) == .close)
    }

    @Test func aRefusedClientIsHeardForAMoment() {
        var clock = clock()
        #expect(clock.tick(now: at(1), .init(isReceiving: true, isLingering: true)) == .none)
        #expect(clock.tick(now: at(3), .init(isReceiving: true, isLingering: true)) == .close)
    }

    @Test func aStopHasAnEnd() {
        var clock = clock()
        clock.drainBegan(now: at(5))
        #expect(clock.tick(now: at(14), .init(isAnswering: true)) == .none)
        #expect(clock.tick(now: at(15), .init(isAnswering: true)) == .close)
    }
}
