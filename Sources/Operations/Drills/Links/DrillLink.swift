import Synchronization
import Threads

/// The way of one service to its servers, which a drill breaks as networks break. It listens on 127.0.0.1.
///
/// One thread moves all bytes. A link to Kafka also changes the addresses that brokers tell, so that clients stay on
/// the link; see ``KafkaAddresses``.
final class DrillLink: Sendable {
    /// `host:port,…`, for the service.
    let address: String
    private let orders: LinkOrders
    private let thread: ThreadExecutor

    /// - Parameter servers: `host:port,…`.
    init(to servers: String, isKafka: Bool) throws {
        let orders = try LinkOrders()
        let loop = try LinkLoop(servers, isKafka: isKafka, orders)
        address = loop.addresses
        self.orders = orders
        thread = try ThreadExecutor(name: "drill-link")
        let handed = HandedLoop(loop)
        thread.submit { handed.loop.run() }
    }

    deinit { end() }

    /// Keeps all bytes back, as a network that is cut: connections stay, and go on with ``open()``.
    func hold() { orders.change { $0.state = .held } }

    /// Passes bytes on again.
    func open() { orders.change { $0.state = .open } }

    /// Closes all connections and refuses new ones.
    func refuse() { orders.change { $0.state = .refusing } }

    /// Nothing gets through the connections that exist now, for ever, and nobody is told, as behind a firewall that
    /// forgot them. New ones work.
    func forget() { orders.change { $0.forgotten += 1 } }

    /// The next messages of one way are cut in the middle, each with its connection.
    func halve(_ way: LinkWay, _ count: Int) { orders.change { ($0.way, $0.halves) = (way, count) } }

    /// How many of ``halve(_:_:)`` are still to come.
    var halvesLeft: Int { orders.current.halves }

    /// Everything arrives so much later.
    func delay(milliseconds: Int) { orders.change { $0.delayMilliseconds = milliseconds } }

    /// Ends the thread and all connections.
    func end() {
        orders.change { $0.isEnding = true }
        thread.shutdown()
    }
}

/// The way of bytes through a link.
enum LinkWay: Sendable { case request, answer }

/// What a link's thread is told. Any thread.
final class LinkOrders: Sendable {
    enum State: Sendable { case open, held, refusing }

    struct Content {
        var state = State.open
        /// Grows with each ``DrillLink/forget()``.
        var forgotten = 0
        /// How many messages are still to be cut in the middle, and of which way.
        var halves = 0
        var way = LinkWay.request
        var delayMilliseconds = 0
        var isEnding = false
    }

    let wake: WakeDescriptor
    private let content = Mutex(Content())

    init() throws { wake = try WakeDescriptor() }

    var current: Content { content.withLock { $0 } }

    func change(_ body: (inout Content) -> Void) {
        content.withLock { body(&$0) }
        wake.wake()
    }

    /// Whether a message of this way is to be cut now.
    func takesHalf(_ way: LinkWay) -> Bool {
        content.withLock { content in
            guard content.halves > 0, content.way == way else { return false }
            content.halves -= 1
            return true
        }
    }
}

/// Goes to its thread once.
private final class HandedLoop: @unchecked Sendable {
    let loop: LinkLoop
    init(_ loop: LinkLoop) { self.loop = loop }
}
