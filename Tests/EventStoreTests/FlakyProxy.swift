import Foundation
import Postgres
import TestKit
import Threads

/// A proxy between a store and Postgres that can lose the answer to a commit, so that its outcome is unknown.
///
/// It has one thread per connection; a test makes few.
final class FlakyProxy: @unchecked Sendable {
    enum Mode: Sendable {
        case forward
        /// The next time a client sends something, pass it on, wait for the server's whole answer, and cut the client
        /// off instead of passing the answer on; then refuse connections or forward again.
        case cutInsteadOfAnswer(thenRefuse: Bool)
        /// Refuse connections.
        case refuse
    }

    let port: Int
    private let target: Int
    private let listener: Int32
    private let lock = NSLock()
    private var mode = Mode.forward
    private var cutCount = 0
    private var clients: Set<Int32> = []

    init(target: Int) throws {
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
        guard bound == 0, listen(listener, 16) == 0 else {
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

    /// The mode from now on.
    func set(_ mode: Mode) { lock.withLock { self.mode = mode } }

    /// Closes all client connections. A backend that executes a statement does not notice and finishes it.
    func cutNow() {
        lock.withLock {
            for client in clients { shutdown(client, Int32(SHUT_RDWR)) }
        }
    }

    /// The number of answers that were withheld.
    var cuts: Int { lock.withLock { cutCount } }

    private func takeMode() -> Mode {
        lock.withLock {
            defer {
                if case .cutInsteadOfAnswer(let refuse) = mode { mode = refuse ? .refuse : .forward }
            }
            return mode
        }
    }

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
        Thread.detachNewThread { self.relay(client, server) }
    }

    /// Both directions on one thread, so that the answer is what the server sends next.
    private func relay(_ client: Int32, _ server: Int32) {
        var swallowing = false
        var buffer = [UInt8](repeating: 0, count: 65536)
        lock.withLock { _ = clients.insert(client) }
        defer {
            lock.withLock { _ = clients.remove(client) }
            close(client)
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
                guard count > 0, Self.send(server, buffer, count) else { return }
                switch takeMode() {
                case .forward, .refuse: break
                case .cutInsteadOfAnswer: swallowing = true
                }
            }
            if polled[1].revents != 0 {
                let count = read(server, &buffer, buffer.count)
                guard count > 0 else { return }
                if swallowing {
                    // ReadyForQuery, idle: the answer is complete.
                    let isComplete = count >= 6 && Array(buffer[(count - 6)..<count]) == [0x5A, 0, 0, 0, 5, 0x49]
                    guard isComplete else { continue }
                    lock.withLock { cutCount += 1 }
                    return
                }
                guard Self.send(client, buffer, count) else { return }
            }
        }
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
