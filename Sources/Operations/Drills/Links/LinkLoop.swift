import Glibc
import Threads

/// Moves the bytes of one link. One thread.
final class LinkLoop {
    private let orders: LinkOrders
    private let isKafka: Bool
    /// By the server's `host:port`.
    private var doors: [String: LinkSocket.Door] = [:]
    private var connections: [LinkConnection] = []
    private var forgotten = 0
    /// For the service: where it finds the servers that it was told first.
    private(set) var addresses = ""

    /// - Parameter servers: `host:port,…`.
    init(_ servers: String, isKafka: Bool, _ orders: LinkOrders) throws {
        (self.orders, self.isKafka) = (orders, isKafka)
        addresses = try servers.split(separator: ",").map { "127.0.0.1:\(try port(of: String($0)))" }
            .joined(separator: ",")
    }

    /// Where the link listens for connections to a server.
    private func port(of server: String) throws -> Int {
        if let door = doors[server] { return door.port }
        let door = try LinkSocket.Door(to: server)
        doors[server] = door
        return door.port
    }

    /// Until the link ends.
    func run() {
        while case let current = orders.current, !current.isEnding {
            obey(current)
            wait(current)
        }
        for connection in connections { connection.close() }
        for door in doors.values { close(door.descriptor) }
    }

    private func obey(_ current: LinkOrders.Content) {
        if current.forgotten != forgotten {
            forgotten = current.forgotten
            for connection in connections { connection.isForgotten = true }
        }
        if current.state == .refusing { for connection in connections { connection.close() } }
        connections.removeAll { $0.isClosed }
    }

    /// Waits for bytes, a connection or an order, and deals with what came.
    private func wait(_ current: LinkOrders.Content) {
        let open = Array(doors.values)
        var polled = [pollfd(fd: orders.wake.fileDescriptor, events: Int16(POLLIN), revents: 0)]
        polled += open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var due: ContinuousClock.Instant?
        let isHeld = current.state == .held
        for connection in connections {
            polled += connection.polled(isHeld: isHeld)
            if let next = connection.nextDue { due = min(due ?? next, next) }
        }
        _ = PollLoop.wait(&polled, until: due)
        if polled[0].revents != 0 { orders.wake.drain() }
        let before = connections
        for (door, ready) in zip(open, polled[1...]) where ready.revents != 0 { accept(door, current) }
        for (number, connection) in before.enumerated() {
            let first = 1 + open.count + 2 * number
            move(connection, .request, polled[first], current)
            move(connection, .answer, polled[first + 1], current)
            connection.flush(isHeld: isHeld)
        }
    }

    private func accept(_ door: LinkSocket.Door, _ current: LinkOrders.Content) {
        guard let client = LinkSocket.accept(door) else { return }
        guard current.state != .refusing, let server = LinkSocket.connect(door) else {
            close(client)
            return
        }
        connections.append(LinkConnection(client, server, isKafka: isKafka))
    }

    /// Takes what one peer sent.
    private func move(_ connection: LinkConnection, _ way: LinkWay, _ ready: pollfd, _ current: LinkOrders.Content) {
        guard !connection.isClosed, ready.revents & ~Int16(POLLOUT) != 0 else { return }
        guard let bytes = connection.read(way) else { return connection.close() }
        guard !bytes.isEmpty else { return }
        if orders.takesHalf(way) {
            connection.add(Array(bytes[..<(bytes.count / 2)]), way, due: .now)
            connection.flush(isHeld: false)
            return connection.close()
        }
        let due = ContinuousClock.now + .milliseconds(current.delayMilliseconds)
        connection.add(translated(bytes, connection, way), way, due: due)
    }

    /// Brokers tell addresses of which the link makes its own.
    private func translated(_ bytes: [UInt8], _ connection: LinkConnection, _ way: LinkWay) -> [UInt8] {
        guard isKafka else { return bytes }
        switch way {
        case .request:
            connection.addresses.request(bytes)
            return bytes
        case .answer:
            return connection.addresses.answer(bytes) { host, port in (try? self.port(of: "\(host):\(port)")) ?? port }
        }
    }
}

/// One connection through a link: two sockets, and the bytes between them.
final class LinkConnection {
    private let client: Int32
    private let server: Int32
    private(set) var isClosed = false
    /// Whether nothing gets through any more.
    var isForgotten = false
    var addresses = KafkaAddresses()
    private var waiting: [LinkWay: [(due: ContinuousClock.Instant, bytes: [UInt8])]] = [.request: [], .answer: []]
    /// Bytes of one way that wait before no more are read.
    private static let mostWaiting = 64

    init(_ client: Int32, _ server: Int32, isKafka: Bool) { (self.client, self.server) = (client, server) }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(client)
        Glibc.close(server)
    }

    private func queue(_ way: LinkWay) -> [(due: ContinuousClock.Instant, bytes: [UInt8])] { waiting[way] ?? [] }

    /// The client's and the server's socket; none while nothing may pass.
    func polled(isHeld: Bool) -> [pollfd] {
        guard !isHeld, !isForgotten, !isClosed else {
            return [.init(fd: -1, events: 0, revents: 0), .init(fd: -1, events: 0, revents: 0)]
        }
        return [events(client, reads: .request, writes: .answer), events(server, reads: .answer, writes: .request)]
    }

    private func events(_ descriptor: Int32, reads: LinkWay, writes: LinkWay) -> pollfd {
        var events: Int16 = 0
        if queue(reads).count < Self.mostWaiting { events |= Int16(POLLIN) }
        if let first = queue(writes).first, first.due <= .now { events |= Int16(POLLOUT) }
        return pollfd(fd: descriptor, events: events, revents: 0)
    }

    /// When delayed bytes may go on.
    var nextDue: ContinuousClock.Instant? {
        isForgotten ? nil : waiting.values.compactMap { $0.first?.due }.filter { $0 > .now }.min()
    }

    /// What a peer sent; nil if it has closed.
    func read(_ way: LinkWay) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(way == .request ? client : server, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return [] }
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    func add(_ bytes: [UInt8], _ way: LinkWay, due: ContinuousClock.Instant) {
        if !bytes.isEmpty { waiting[way, default: []].append((due, bytes)) }
    }

    /// Writes what may go on.
    func flush(isHeld: Bool) {
        guard !isHeld, !isForgotten else { return }
        for way in [LinkWay.request, .answer] {
            while !isClosed, let first = queue(way).first, first.due <= .now {
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                let sent = send(way == .request ? server : client, first.bytes, first.bytes.count, flags)
                if sent < 0, errno == EAGAIN || errno == EINTR { break }
                guard sent >= 0 else { return close() }
                if sent == first.bytes.count {
                    waiting[way]?.removeFirst()
                } else {
                    waiting[way]?[0].bytes.removeFirst(sent)
                }
            }
        }
    }
}
