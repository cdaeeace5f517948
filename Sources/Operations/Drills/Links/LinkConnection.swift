import Glibc
import Threads

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
