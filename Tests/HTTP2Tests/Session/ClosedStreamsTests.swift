import HTTP2TestKit
import Testing

@testable import HTTP2

@Suite struct ClosedStreamsTests {
    @Test func framesAfterThePeersOwnEndAreErrors() {
        var streams = ClosedStreams()
        expectSame(streams.beganHeaders(1), true)
        streams.opened(1)
        streams.closed(1, .byPeer)
        expectSame(streams.beganHeaders(1), false)
        expectSame(streams.judgeHeaders(1), .error(.streamClosed))
    }

    @Test func framesThatCrossedOurResetAreNot() {
        var streams = ClosedStreams()
        expectSame(streams.beganHeaders(1), true)
        streams.opened(1)
        streams.closed(1, .byUs)
        expectSame(streams.judgeHeaders(1), .tolerated)
    }

    @Test func aSkippedIdentifierCannotBeUsedLater() {
        var streams = ClosedStreams()
        expectSame(streams.beganHeaders(5), true)
        streams.opened(5)
        expectSame(streams.beganHeaders(3), false)
        expectSame(streams.judgeHeaders(3), .error(.protocolError))
    }

    @Test func aRefusedStreamMayStillSend() {
        var streams = ClosedStreams()
        expectSame(streams.beganHeaders(1), true)
        expectSame(streams.judgeHeaders(1), .tolerated)
    }

    @Test func whatIsForgottenIsForgiven() {
        var streams = ClosedStreams()
        for id in stride(from: Int32(1), to: 2_001, by: 2) {
            expectSame(streams.beganHeaders(id), true)
            streams.opened(id)
            streams.closed(id, .byPeer)
        }
        expectSame(streams.judgeHeaders(1), .tolerated)
        expectSame(streams.judgeHeaders(1_999), .error(.streamClosed))
    }
}
