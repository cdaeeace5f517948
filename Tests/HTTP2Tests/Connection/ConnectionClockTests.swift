import Testing

@testable import HTTP2

/// Conversations with the clock: what the driver sees at a time, and the action that follows.
@Suite struct ConnectionClockTests {
    private var limits = HTTP2Limits()

    init() {
        limits.handshakeTimeout = .seconds(10)
        limits.headerBlockTimeout = .seconds(5)
        limits.writeStallTimeout = .seconds(30)
        limits.keepaliveInterval = .seconds(20)
        limits.keepaliveTimeout = .seconds(5)
        limits.idleTimeout = .seconds(100)
        limits.drainTimeout = .seconds(30)
        limits.goAwayDelay = .seconds(1)
    }

    private func clock() -> ConnectionClock { ConnectionClock(limits: limits, now: .zero) }

    @Test func aSilentNewcomerIsClosed() {
        var clock = clock()
        #expect(clock.tick(now: .seconds(9), .init(isEstablished: false)) == .none)
        #expect(
            clock.tick(now: .seconds(10), .init(heard: true, isEstablished: false))
                == .close(.settingsTimeout, "handshake timeout"))
    }

    @Test func aTrickledHeaderBlockIsClosed() {
        var clock = clock()
        #expect(clock.tick(now: .seconds(1), .init(heard: true, openHeaderBlock: 7)) == .none)
        #expect(clock.tick(now: .seconds(5), .init(heard: true, openHeaderBlock: 7)) == .none)
        #expect(
            clock.tick(now: .seconds(6), .init(heard: true, openHeaderBlock: 7))
                == .close(.enhanceYourCalm, "header block timeout"))
    }

    @Test func eachHeaderBlockHasItsOwnTime() {
        var clock = clock()
        #expect(clock.tick(now: .seconds(1), .init(heard: true, openHeaderBlock: 7)) == .none)
        #expect(clock.tick(now: .seconds(6), .init(heard: true, openHeaderBlock: 8)) == .none)
        #expect(clock.tick(now: .seconds(10), .init(heard: true, openHeaderBlock: 8)) == .none)
    }

    @Test func silenceIsProbedAndAnAnswerIsEnough() {
        var clock = clock()
        #expect(clock.tick(now: .seconds(20), .init(streams: 1)) == .ping)
        #expect(clock.tick(now: .seconds(24), .init(heard: true, streams: 1)) == .none)
        #expect(clock.tick(now: .seconds(43), .init(streams: 1)) == .none)
        #expect(clock.tick(now: .seconds(44), .init(streams: 1)) == .ping)
        #expect(clock.tick(now: .seconds(49), .init(streams: 1)) == .close(.cancel, "keepalive timeout"))
    }

    @Test func stalledOutputIsClosedUnlessItMoves() {
        var clock = clock()
        let stalled = ConnectionClock.View(heard: true, isBlocked: true, streams: 1)
        var moving = stalled
        moving.progressed = true
        #expect(clock.tick(now: .seconds(1), stalled) == .none)
        #expect(clock.tick(now: .seconds(29), moving) == .none)
        #expect(clock.tick(now: .seconds(58), stalled) == .none)
        #expect(clock.tick(now: .seconds(59), stalled) == .close(.cancel, "write stall timeout"))
    }

    @Test func anIdleConnectionIsDrainedInTwoSteps() {
        var clock = clock()
        #expect(clock.tick(now: .seconds(50), .init(heard: true, streams: 1)) == .none)
        #expect(clock.tick(now: .seconds(60), .init(heard: true)) == .none)
        #expect(clock.tick(now: .seconds(160), .init(heard: true)) == .drain("idle"))
        #expect(clock.tick(now: .seconds(160.5), .init(heard: true)) == .none)
        #expect(clock.tick(now: .seconds(161), .init(heard: true)) == .finalGoAway)
        #expect(clock.tick(now: .seconds(189), .init(heard: true)) == .none)
        #expect(clock.tick(now: .seconds(190), .init(heard: true)) == .close(.noError, "drain timeout"))
    }

    @Test func anAnsweredDrainNeedsNoDelay() {
        var clock = clock()
        clock.drainBegan(now: .seconds(3))
        #expect(clock.isDraining)
        let first = clock.drainAcknowledged(now: .seconds(3))
        let second = clock.drainAcknowledged(now: .seconds(3))
        #expect(first)
        #expect(!second)
        #expect(clock.tick(now: .seconds(5), .init(heard: true, streams: 1)) == .none)
        #expect(clock.tick(now: .seconds(33), .init(heard: true, streams: 1)) == .close(.noError, "drain timeout"))
    }

    @Test func anOldConnectionIsDrainedEvenWhenBusy() {
        var aging = limits
        aging.maximumAge = .seconds(40)
        var clock = ConnectionClock(limits: aging, now: .zero)
        #expect(clock.tick(now: .seconds(39), .init(heard: true, streams: 3)) == .none)
        #expect(clock.tick(now: .seconds(40), .init(heard: true, streams: 3)) == .drain("maximum age"))
    }
}
