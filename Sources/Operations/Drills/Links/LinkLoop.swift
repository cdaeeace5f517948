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
        // An order may have come meanwhile, and a connection that was made after it does as it says.
        let current = orders.current
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
