import Glibc
import Kafka
import Threads

/// Serves the control connections until it is woken. Blocks: on a thread of its own.
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

    mutating func run() throws(SystemError) {
        defer { for client in clients { close(client.descriptor) } }
        while true {
            var descriptors = interests()
            if poll(&descriptors, nfds_t(descriptors.count), -1) < 0 {
                if errno == EINTR { continue }
                throw SystemError("poll")
            }
            if descriptors[0].revents != 0 { return }
            serve(descriptors[2...].map(\.revents))
            if descriptors[1].revents != 0, let descriptor = listener?.accept() {
                clients.append(ControlClient(descriptor))
            }
        }
    }

    /// The stop signal, the listener, then the clients in their order. poll passes over negative descriptors.
    private func interests() -> [pollfd] {
        let accepts = clients.count < Self.maximumClients
        var descriptors = [
            pollfd(fd: stop.fileDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: accepts ? listener?.descriptor ?? -1 : -1, events: Int16(POLLIN), revents: 0),
        ]
        descriptors += clients.map { pollfd(fd: $0.descriptor, events: $0.interest, revents: 0) }
        return descriptors
    }

    private mutating func serve(_ events: [Int16]) {
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
