import Kafka
import Logging
import Operations
import Postgres
import Synchronization
import Threads

/// Asks the processes for their health and Kafka for the consumers' lag, on a thread of its own: a process that does
/// not answer delays no status.
final class Surroundings: Sendable {
    /// What was found out last.
    struct Findings: Sendable {
        var services: [ServiceHealth] = []
        var consumers: [ConsumerGroup] = []
        var latency: LatencyQuantiles?
        var notes: [String] = []
    }

    private struct State {
        var findings = Findings()
        var buckets: LatencyQuantiles.Buckets = []
    }

    private let configuration: ConsoleConfiguration
    private let executor: ThreadExecutor
    private let state = Mutex(State())

    /// - Throws: when the process has no thread left.
    init(_ configuration: ConsoleConfiguration) throws {
        self.configuration = configuration
        executor = try ThreadExecutor(name: "console-probes")
    }

    /// What was found out last; nothing at first.
    var findings: Findings { state.withLock { $0.findings } }

    /// Asks once, while `isWatched` also Kafka. Takes seconds where something does not answer.
    func ask(isWatched: Bool) async {
        try? await executor.run { self.askBlocking(isWatched) }
    }

    func close() {
        executor.shutdown()
    }

    private func askBlocking(_ isWatched: Bool) {
        var found = Findings()
        found.services = configuration.services.map { $0.probe.ask() }
        found.latency = latency()
        if isWatched, let kafka = configuration.kafka {
            addConsumers(kafka, &found)
        } else {
            found.consumers = findings.consumers
        }
        state.withLock { $0.findings = found }
    }

    /// The lag of each group; a note for those that cannot be told.
    private func addConsumers(_ kafka: KafkaConfiguration, _ found: inout Findings) {
        do {
            let connection = try PostgresConnection(configuration.postgres)
            defer { connection.close() }
            let desk = try OperatorDesk(connection, schema: configuration.relaySchema)
            if let group = try desk.projectionLag(kafka, topic: configuration.topic("order")) {
                found.consumers.append(group)
            }
            for name in configuration.groups {
                found.consumers.append(try ConsumerLag(kafka).group(name, topic: configuration.topic("order")))
            }
        } catch {
            found.notes.append("the lag of the consumers: \(error)")
        }
    }

    /// Of the rows that the leading relay saw acknowledged since the question before.
    private func latency() -> LatencyQuantiles? {
        guard let relay = configuration.services.first(where: \.isRelay), let text = relay.probe.metrics() else {
            return nil
        }
        let buckets = LatencyQuantiles.buckets(Self.latencyMetric, in: text)
        return state.withLock { state in
            defer { state.buckets = buckets }
            return LatencyQuantiles(from: state.buckets, to: buckets)
        }
    }

    private static let latencyMetric = "outbox_relay_latency_seconds"
}
