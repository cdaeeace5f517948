public import Kafka
public import Outbox
public import Threads

/// Makes publishers to one Kafka.
public struct KafkaPublisherFactory: PublisherFactory {
    private let configuration: KafkaPublisherConfiguration
    private let refused = RefusedTopics()

    public init(_ configuration: KafkaPublisherConfiguration) {
        var configuration = configuration
        configuration.kafka.setDefault("client.id", "outbox-relay")
        // With nine headers a queued message is more than a kilobyte; this many keep the sender busy and memory small.
        configuration.kafka.setDefault("queue.buffering.max.messages", "7000")
        let notice = String(Int(RefusedTopics.notice / .milliseconds(1)))
        configuration.kafka.setDefault("topic.metadata.refresh.interval.ms", notice)
        configuration.kafka.setDefault("topic.metadata.propagation.max.ms", notice)
        self.configuration = configuration
    }

    /// What is wrong with the settings of the clients that this makes, as far as it can be told without asking a
    /// broker.
    public func faults(_ guarantee: DeliveryGuarantee) -> [KafkaSettingFault] {
        switch guarantee {
        case .atLeastOnce: return gapless.kafka.faults(of: .producer)
        case .exactlyOnce:
            var kafka = configuration.kafka
            kafka.setDefault("transactional.id", "check")
            return kafka.faults(of: .producer)
        }
    }

    /// A refused batch then stops the producer instead of letting later messages of the same key overtake it; the relay
    /// makes a new one and finds the guilty row.
    private var gapless: KafkaPublisherConfiguration {
        var configuration = configuration
        configuration.kafka.setDefault("enable.gapless.guarantee", "true")
        return configuration
    }

    public func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        do {
            return try KafkaPublisher(gapless, refused: refused, wake: wake)
        } catch {
            throw OutboxError(.publisher, error.description)
        }
    }

    public func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher {
        do {
            return try KafkaTransactionalPublisher(configuration, outbox: outbox, refused: refused, wake: wake)
        } catch {
            throw OutboxError(.publisher, error.description)
        }
    }
}
