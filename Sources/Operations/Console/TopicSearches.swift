import HTTPTypes
import Kafka
import Operations
import Threads

/// Looks for events in Kafka, one after the other, on a thread of its own: a search reads many records.
final class TopicSearches: Sendable {
    private let configuration: ConsoleConfiguration
    private let executor: ThreadExecutor

    /// - Throws: when the process has no thread left.
    init(_ configuration: ConsoleConfiguration) throws {
        self.configuration = configuration
        executor = try ThreadExecutor(name: "console-search")
    }

    /// Adds where an event is.
    ///
    /// - Throws: ``ConsoleError`` without an address of Kafka, and when Kafka does not answer.
    func find(_ life: EventLife) async throws -> EventLife {
        guard let kafka = configuration.kafka else {
            throw ConsoleError(.conflict, "KAFKA_BOOTSTRAP_SERVERS is not set for the console")
        }
        let topic = configuration.topic(life.event.aggregateType)
        return try await executor.run {
            var life = life
            do {
                life.add(try KafkaSearch(kafka).find(life.event, in: topic))
            } catch let error as KafkaError {
                throw ConsoleError(.serviceUnavailable, "Kafka: \(error)")
            }
            return life
        }
    }

    func close() {
        executor.shutdown()
    }
}
