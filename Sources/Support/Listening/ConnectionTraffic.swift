import NIOCore
import Synchronization

/// When a connection last had traffic, and in which direction. Written on the connection's event loop, read on the
/// listener's.
final class ConnectionTraffic: Sendable {
    /// A connection from which no answer is awaited.
    struct Quiet: Comparable {
        /// Whether the peer ever sent a byte.
        let hasSent: Bool
        let since: NIODeadline

        /// Closed earlier: a connection without any byte, then the longest quiet.
        static func < (one: Quiet, other: Quiet) -> Bool {
            one.hasSent == other.hasSent ? one.since < other.since : !one.hasSent
        }
    }

    /// Nanoseconds of NIO's clock: of our last bytes; negative, of the start, before the peer sent any; 0 after bytes
    /// of the peer.
    private let mark: Atomic<Int>

    init() {
        mark = Atomic(-Self.now)
    }

    /// Nil after bytes of the peer that had no answer yet.
    var quiet: Quiet? {
        let mark = mark.load(ordering: .relaxed)
        guard mark != 0 else { return nil }
        return Quiet(hasSent: mark > 0, since: .uptimeNanoseconds(UInt64(mark.magnitude)))
    }

    func received() { mark.store(0, ordering: .relaxed) }
    func sent() { mark.store(Self.now, ordering: .relaxed) }

    private static var now: Int { Int(NIODeadline.now().uptimeNanoseconds) }
}

/// The first handler of a connection: it marks the traffic.
final class TrafficHandler: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    private let traffic: ConnectionTraffic

    init(_ traffic: ConnectionTraffic) {
        self.traffic = traffic
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        traffic.received()
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // Greetings such as the first SETTINGS of HTTP/2 are no answer.
        if traffic.quiet?.hasSent != false { traffic.sent() }
        context.write(data, promise: promise)
    }
}
