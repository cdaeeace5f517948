import Foundation

/// A proxy of TCP that loses what a network can lose: the answer to a commit, the packets of connections that a
/// firewall forgot, or whole connections.
///
/// A connection that is swallowed stays open: both peers get acknowledgements from the kernel and nothing else. One
/// thread per connection; a test makes few.
public final class TestProxy: @unchecked Sendable {
    /// What becomes of the next bytes.
    public enum Mode: Sendable {
        case forward
        /// The next time a client sends something, pass it on, wait for the server's whole answer, and cut the client
        /// off instead of passing the answer on; then refuse connections or forward again. For Postgres only.
        case cutInsteadOfAnswer(thenRefuse: Bool)
        /// Cut the first client off that sends something after so many answers on its connection. For Postgres only,
        /// whose first answer ends the greeting.
        case cutAfter(answers: Int)
        /// The next time a client sends something, pass it on, and swallow the connection from then on.
        case swallowAnswer
        /// Refuse connections.
        case refuse
    }

    /// Which way bytes go.
    public struct Direction: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let toServer = Direction(rawValue: 1)
        public static let toClient = Direction(rawValue: 2)
        public static let both: Direction = [.toServer, .toClient]
    }

    private struct Connection {
        var swallowed: Direction = []
        /// Swallowed both ways once this many more bytes went to the client; nil for no such bound.
        var bytesLeft: Int?
    }

    /// On 127.0.0.1.
    public let port: Int
    private let target: Int
    private let listener: Int32
    private let lock = NSLock()
    private var mode = Mode.forward
    private var cutCount = 0
    private var swallowedCount = 0
    private var clients: [Int32: Connection] = [:]
    private var newOnes = Connection()

    /// - Parameter target: the port of 127.0.0.1 to which connections go.
    public init(target: Int) throws {
        self.target = target
        port = try FreePort.next()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = Self.address(port)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(listener, 64) == 0 else {
            throw TestFailure("the proxy cannot listen: errno \(errno)")
        }
        let accepting = self.listener
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(accepting, nil, nil)
                guard client >= 0 else { return }
                guard let self else {
                    close(client)
                    return
                }
                self.serve(client)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    // MARK: Faults

    /// The mode from now on.
    public func set(_ mode: Mode) { lock.withLock { self.mode = mode } }

    /// Closes all client connections. A backend that executes a statement does not notice and finishes it.
    public func cutNow() {
        lock.withLock {
            for client in clients.keys { shutdown(client, Int32(SHUT_RDWR)) }
        }
    }

    /// Swallows what the connections that exist now send; new ones work.
    ///
    /// - Parameter direction: the way that is blocked.
    public func swallowExisting(_ direction: Direction = .both) {
        lock.withLock {
            for client in clients.keys { clients[client]?.swallowed.formUnion(direction) }
            swallowedCount += clients.count
        }
    }

    /// Swallows what connections send that are made from now on; existing ones go on. No direction: forward again.
    public func swallowNew(_ direction: Direction) { lock.withLock { newOnes.swallowed = direction } }

    /// Swallows the first connection on which the server sends so many more bytes.
    public func swallowAfter(bytes: Int) {
        lock.withLock {
            for client in clients.keys { clients[client]?.bytesLeft = bytes }
        }
    }

    /// The number of answers that were withheld by a cut.
    public var cuts: Int { lock.withLock { cutCount } }

    /// The number of connections that were swallowed.
    public var swallows: Int { lock.withLock { swallowedCount } }

    private func takeMode() -> Mode {
        lock.withLock {
            defer {
                switch mode {
                case .cutInsteadOfAnswer(let refuse): mode = refuse ? .refuse : .forward
                case .swallowAnswer: mode = .forward
                case .forward, .refuse, .cutAfter: break
                }
            }
            return mode
        }
    }

    /// Whether bytes of this way are lost on the connection.
    private func swallows(_ client: Int32, _ direction: Direction, bytes: Int) -> Bool {
        lock.withLock {
            guard var connection = clients[client] else { return false }
            if direction == .toClient, let left = connection.bytesLeft {
                connection.bytesLeft = left - bytes
                if left <= bytes {
                    swallowedCount += 1
                    connection.swallowed = .both
                    for other in clients.keys { clients[other]?.bytesLeft = nil }
                    connection.bytesLeft = nil
                }
                clients[client] = connection
            }
            return connection.swallowed.contains(direction)
        }
    }

    // MARK: Connections

    private func serve(_ client: Int32) {
        let refused = lock.withLock {
            if case .refuse = mode { return true }
            return false
        }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(target)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard !refused, connected == 0 else {
            close(client)
            close(server)
            return
        }
        lock.withLock { clients[client] = newOnes }
        Thread.detachNewThread { self.relay(client, server) }
    }

    /// Both directions on one thread, so that the answer is what the server sends next.
    private func relay(_ client: Int32, _ server: Int32) {
        var withholding = false
        var answers = 0
        var buffer = [UInt8](repeating: 0, count: 65536)
        defer {
            lock.withLock {
                clients[client] = nil
                close(client)
            }
            close(server)
        }
        while true {
            var polled = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) >= 0 else { return }
            if polled[0].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                // A peer that gives a swallowed connection up must not reach the other one.
                guard count > 0 else { return waitForEnd(of: client, server) }
                if isCutAfter(answers) { return }
                guard swallows(client, .toServer, bytes: count) || Self.send(server, buffer, count) else { return }
                switch takeMode() {
                case .forward, .refuse, .cutAfter: break
                case .cutInsteadOfAnswer: withholding = true
                case .swallowAnswer:
                    lock.withLock {
                        clients[client]?.swallowed = .both
                        swallowedCount += 1
                    }
                }
            }
            if polled[1].revents != 0 {
                let count = read(server, &buffer, buffer.count)
                guard count > 0 else { return waitForEnd(of: server, client, isServer: true) }
                // ReadyForQuery, idle: the answer is complete.
                let isComplete = count >= 6 && Array(buffer[(count - 6)..<count]) == [0x5A, 0, 0, 0, 5, 0x49]
                if isComplete { answers += 1 }
                if withholding {
                    guard isComplete else { continue }
                    lock.withLock { cutCount += 1 }
                    return
                }
                guard swallows(client, .toClient, bytes: count) || Self.send(client, buffer, count) else { return }
            }
        }
    }

    /// Whether the connection is cut now; only one is.
    private func isCutAfter(_ answers: Int) -> Bool {
        lock.withLock {
            guard case .cutAfter(let bound) = mode, answers >= bound else { return false }
            mode = .forward
            cutCount += 1
            return true
        }
    }

    /// One peer has closed. On a connection that is forwarded the other one is closed at once; on one that is swallowed
    /// it learns nothing, and its end is waited for.
    private func waitForEnd(of closed: Int32, _ other: Int32, isServer: Bool = false) {
        let client = isServer ? other : closed
        let way: Direction = isServer ? .toClient : .toServer
        guard lock.withLock({ clients[client]?.swallowed.contains(way) ?? false }) else { return }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while read(other, &buffer, buffer.count) > 0 {}
    }

    private static func send(_ socket: Int32, _ buffer: [UInt8], _ count: Int) -> Bool {
        var sent = 0
        while sent < count {
            let written = buffer.withUnsafeBytes {
                Foundation.send(socket, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            sent += written
        }
        return true
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

extension TestPostgres {
    /// A proxy before the server that all tests share, and the URL of a database through it.
    ///
    /// - Parameter url: of a database of that server.
    public static func proxied(_ url: String) async throws -> (proxy: TestProxy, url: String) {
        let server = try await shared
        let proxy = try TestProxy(target: server.port)
        return (proxy, url.replacing(":\(server.port)/", with: ":\(proxy.port)/"))
    }
}
