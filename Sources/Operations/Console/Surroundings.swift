import Kafka
import Logging
import Operations
import Synchronization
import Threads

/// Asks the processes for their health and Kafka for the consumers' lag, on a thread of its own: a process that does
/// not answer delays no status.
final class Surroundings: Sendable {
    /// What was found out last.
    struct Findings: Sendable {
        var services: [ServiceHealth] = []
        var consumers: [ConsumerGroup] = []
        /// nil where no relay that leads tells its metrics.
        var relay: RelayReading?
        /// nil where no order service tells its metrics.
        var server: ServerReading?
        var notes: [String] = []
    }

    private struct State {
        var findings = Findings()
        /// When Kafka was asked last.
        var lagAt: ContinuousClock.Instant?
    }

    private let configuration: ConsoleConfiguration
    private let questions: Questions
    private let executor: ThreadExecutor
    private let state = Mutex(State())

    /// - Throws: when the process has no thread left.
    init(_ configuration: ConsoleConfiguration) throws {
        self.configuration = configuration
        questions = try Questions(configuration, size: 1)
        executor = try ThreadExecutor(name: "console-probes")
    }

    /// What was found out last; nothing at first.
    var findings: Findings { state.withLock { $0.findings } }

    /// Asks once, while `isWatched` now and then also Kafka. Takes seconds where something does not answer.
    func ask(isWatched: Bool) async {
        var found = Findings()
        let last = findings
        let probed = try? await executor.run { self.probe(last) }
        (found.services, found.relay, found.server) = probed ?? (last.services, nil, nil)
        (found.consumers, found.notes) = (last.consumers, last.notes)
        if isWatched, let kafka = configuration.kafka, takesLag() {
            (found.consumers, found.notes) = ([], [])
            await addConsumers(kafka, &found)
        }
        let result = found
        state.withLock { $0.findings = result }
    }

    func close() async {
        await questions.close()
        executor.shutdown()
    }

    /// Whether it is time again.
    private func takesLag() -> Bool {
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lagAt, now - last < .milliseconds(ConsoleLimits.lagMilliseconds) { return false }
            state.lagAt = now
            return true
        }
    }

    private func probe(_ earlier: Findings) -> ([ServiceHealth], RelayReading?, ServerReading?) {
        let services = configuration.services.map { $0.probe.ask() }
        let now = Moment(microseconds: WallClock.microsecondsSince1970)
        var relay = metrics(\.isRelay).flatMap { RelayReading($0, at: now) }
        relay?.compare(with: earlier.relay)
        var server = metrics(\.isServer).flatMap { ServerReading($0, at: now) }
        server?.compare(with: earlier.server)
        return (services, relay, server)
    }

    private func metrics(_ isMeant: (ConsoleConfiguration.Service) -> Bool) -> String? {
        configuration.services.first(where: isMeant)?.probe.metrics()
    }

    /// The lag of each group; a note for those that cannot be told.
    private func addConsumers(_ kafka: KafkaConfiguration, _ found: inout Findings) async {
        let topic = configuration.topic("order")
        do {
            if let group = try await questions.ask({ try $0.projectionLag(kafka, topic: topic) }) {
                found.consumers.append(group)
            }
            let groups = configuration.groups
            found.consumers += try await executor.run {
                try groups.map { try ConsumerLag(kafka).group($0, topic: topic) }
            }
        } catch {
            found.notes.append("the lag of the consumers: \(error)")
        }
    }
}
