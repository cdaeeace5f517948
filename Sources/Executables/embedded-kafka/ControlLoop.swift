import Glibc
import Kafka
import Threads

/// Serves the control connections until the stop signal. Blocks: use a thread of its own.
struct ControlLoop {
    private let listener: ControlListener?
    private let stop: WakeDescriptor
    private var control: KafkaMockControl
    private var clients: [ControlClient] = []

    /// Further connections wait until one of these ends.
    static let maximumClients = 64

    init(_ listener: ControlListener?, _ control: KafkaMockControl, stop: WakeDescriptor) {
        self.listener = listener
        self.control = control
        self.stop = stop
    }

    /// Returns after the stop signal.
    mutating func run() throws(SystemError) {
        defer { for client in clients { close(client.descriptor) } }
        while true {
            var descriptors = interests()
            if case .failed(let errno) = PollLoop.wait(&descriptors, until: nil) {
                throw SystemError("poll", errno: errno)
            }
            if descriptors[0].revents != 0 { return }
            serve(descriptors[2...].map(\.revents))
            if descriptors[1].revents != 0, let descriptor = listener?.accept() {
                clients.append(ControlClient(descriptor))
            }
        }
    }

    /// The stop signal, the listener, then the clients in their order. `poll` ignores negative descriptors.
    private func interests() -> [pollfd] {
        let accepts = clients.count < Self.maximumClients
        var descriptors = [
            pollfd(fd: stop.fileDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: accepts ? listener?.descriptor ?? -1 : -1, events: Int16(POLLIN), revents: 0),
        ]
        descriptors += clients.map { pollfd(fd: $0.descriptor, events: $0.interest, revents: 0) }
        return descriptors
    }

    /// - Parameter events: of each client, in their order.
    private mutating func serve(_ events: [Int16]) {
        assert(events.count == clients.count, "every client was polled")
        var remaining: [ControlClient] = []
        for (var client, events) in zip(clients, events) {
            if events == 0 || client.serve(events, { control.answer($0) }) {
                remaining.append(client)
            } else {
                close(client.descriptor)
            }
        }
        clients = remaining
    }
}

/// One control connection: bytes in, answers out, in order.
private struct ControlClient {
    let descriptor: Int32
    private var lines = KafkaControlLines()
    private var output: [UInt8] = []
    private var isEnding = false

    /// The bound of answers that a client has not read. Beyond it no further commands are read from the client.
    static let pendingOutputBytes = 64 * 1024
    private static let readBytes = 4096

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The events to poll for.
    var interest: Int16 {
        var events: Int32 = output.isEmpty ? 0 : POLLOUT
        if !isEnding && output.count < Self.pendingOutputBytes { events |= POLLIN }
        return Int16(events)
    }

    /// Serves one readiness; false when the connection is over.
    mutating func serve(_ events: Int16, _ answer: (String) -> String) -> Bool {
        let events = Int32(events)
        if events & (POLLERR | POLLNVAL) != 0 { return false }
        if events & (POLLIN | POLLHUP) != 0, !isEnding, !receive(answer) { return false }
        return flush()
    }

    private mutating func receive(_ answer: (String) -> String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: Self.readBytes)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        if count == 0 { isEnding = true }
        for line in lines.receive(buffer[..<count]) {
            let reply =
                switch line {
                case .text(let text): answer(text)
                case .tooLong: "error a line ends at \(KafkaLimits.controlLineBytes) bytes"
                case .notText: "error a line must be UTF-8 text"
                }
            output += reply.utf8
            output.append(UInt8(ascii: "\n"))
        }
        return true
    }

    private mutating func flush() -> Bool {
        while !output.isEmpty {
            let count = output.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            output.removeFirst(count)
        }
        return !isEnding
    }
}
