import Glibc
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import Listening

struct ConnectionGuardTests {
    /// NIO reads again at once after such an error, so one core was spent on a failing accept.
    @Test(arguments: [EMFILE, ENFILE]) func acceptPausesWithoutDescriptors(_ code: Int32) throws {
        let channel = EmbeddedChannel()
        let reads = ReadCounter()
        try channel.pipeline.syncOperations.addHandlers([
            reads, ConnectionGuard(connections: 1, logger: Logger(label: "test")),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let (before, pauses) = (reads.count, ListeningCounts.pauses.total)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        channel.read()
        #expect(reads.count == before)
        #expect(ListeningCounts.pauses.total > pauses)
        channel.embeddedEventLoop.advanceTime(by: ListeningLimits.pause)
        #expect(reads.count > before)
        // Hummingbird would end its server on the error.
        try channel.throwIfErrorCaught()
    }

    @Test func silentConnectionsAreClosedFirst() {
        let start = NIODeadline.uptimeNanoseconds(1)
        let quiet = [
            ConnectionTraffic.Quiet(hasSent: true, since: start),
            ConnectionTraffic.Quiet(hasSent: false, since: start + .seconds(2)),
            ConnectionTraffic.Quiet(hasSent: false, since: start + .seconds(1)),
        ]
        #expect(quiet.sorted() == [quiet[2], quiet[1], quiet[0]])
    }

    @Test func aRequestWithoutItsAnswerIsNotQuiet() {
        let traffic = ConnectionTraffic()
        #expect(traffic.quiet?.hasSent == false)
        traffic.received()
        #expect(traffic.quiet == nil)
        traffic.sent()
        #expect(traffic.quiet?.hasSent == true)
    }
}

/// Counts the reads that reach the socket.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
