/// Cuts the bytes of one control connection into lines; a line too long is reported once and skipped to its end.
public struct KafkaControlLines {
    /// One line of the peer.
    public enum Line: Equatable, Sendable {
        /// Without the line end.
        case text(String)
        /// Longer than ``KafkaLimits/controlLineBytes``.
        case tooLong
        /// Not UTF-8.
        case notText
    }

    private var buffer: [UInt8] = []
    private var isSkipping = false

    /// No bytes yet.
    public init() {}

    /// The lines completed by `bytes`, in order.
    public mutating func receive(_ bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let line = finish() { lines.append(line) }
            } else if !isSkipping {
                buffer.append(byte)
                if buffer.count > KafkaLimits.controlLineBytes + 1 { startSkipping() }
            }
        }
        return lines
    }

    private mutating func startSkipping() {
        buffer.removeAll(keepingCapacity: true)
        isSkipping = true
    }

    private mutating func finish() -> Line? {
        defer { buffer.removeAll(keepingCapacity: true) }
        if isSkipping {
            isSkipping = false
            return .tooLong
        }
        if buffer.last == UInt8(ascii: "\r") { buffer.removeLast() }
        if buffer.count > KafkaLimits.controlLineBytes { return .tooLong }
        return String(validating: buffer, as: UTF8.self).map { .text($0) } ?? .notText
    }
}

/// Carries out the commands of the control protocol on a cluster. Not thread-safe: one for each control loop.
public struct KafkaMockControl {
    private let cluster: KafkaMockCluster
    private var down: Set<Int32> = []
    private var latency: [Int32: Int32] = [:]

    /// The cluster is taken to be up and without delay.
    public init(_ cluster: KafkaMockCluster) { self.cluster = cluster }

    /// Carries out one line and answers with one line, `ok …` or `error …`.
    public mutating func answer(_ line: String) -> String {
        do {
            return try "ok" + perform(KafkaMockCommand(line: line))
        } catch let malformed as KafkaMockCommand.Malformed {
            return "error " + malformed.message
        } catch {
            return "error \(error)"
        }
    }

    /// Returns the text after `ok`.
    private mutating func perform(_ command: KafkaMockCommand) throws(KafkaError) -> String {
        switch command {
        case .down(let broker):
            try cluster.setDown(broker: broker)
            down.formUnion(brokers(broker))
        case .up(let broker):
            try cluster.setUp(broker: broker)
            down.subtract(brokers(broker))
        case .latency(let milliseconds, let broker):
            try cluster.setLatency(milliseconds: milliseconds, broker: broker)
            for broker in brokers(broker) { latency[broker] = milliseconds }
        case .errors(let apiKey, let count, let code):
            cluster.pushErrors(apiKey: apiKey, Array(repeating: code, count: count))
        case .clearErrors(let apiKey): cluster.clearErrors(apiKey: apiKey)
        case .leader(let topic, let partition, let broker):
            try cluster.setLeader(topic: topic, partition: partition, broker: broker)
        case .coordinator(let kind, let key, let broker):
            try cluster.setCoordinator(kind, key: key, broker: broker)
        case .topic(let name, let partitions): try cluster.createTopic(name, partitions: partitions)
        case .topicError(let name, let code): cluster.setTopicError(name, code)
        case .status: return " " + status
        case .help: return " " + KafkaMockCommand.usage.joined(separator: "; ")
        }
        return ""
    }

    private func brokers(_ broker: Int32?) -> [Int32] { broker.map { [$0] } ?? Array(1...Int32(cluster.brokerCount)) }

    private var status: String {
        let away = down.sorted().map(String.init).joined(separator: ",")
        let slow = latency.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
        return "bootstrap=\(cluster.bootstrapServers) brokers=\(cluster.brokerCount) "
            + "down=\(away.isEmpty ? "none" : away) latency=\(slow.isEmpty ? "none" : slow.joined(separator: ","))"
    }
}
