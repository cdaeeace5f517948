public import Kafka
public import Outbox
public import Threads

/// Makes publishers to one Kafka.
public struct KafkaPublisherFactory: PublisherFactory {
    private let configuration: KafkaPublisherConfiguration
    private let refused = RefusedTopics()
    private let bounds = StampBounds()
    private let offsets = PublishedOffsets()
    private let asking: AskingClient

    /// - Parameter configuration: librdkafka settings that are not set get the relay's defaults.
    public init(_ configuration: KafkaPublisherConfiguration) {
        var configuration = configuration
        configuration.kafka.setDefault("client.id", "outbox-relay")
        configuration.kafka.setDefault("queue.buffering.max.messages", String(SendWindow.mostMessages))
        let notice = String(Int(RefusedTopics.notice / .milliseconds(1)))
        configuration.kafka.setDefault("topic.metadata.refresh.interval.ms", notice)
        configuration.kafka.setDefault("topic.metadata.propagation.max.ms", notice)
        self.configuration = configuration
        asking = AskingClient(configuration.kafka)
    }

    /// What is wrong with the settings of the producers that the factory makes, as far as it can be found without
    /// asking a broker.
    public func faults(_ guarantee: DeliveryGuarantee) -> [KafkaSettingFault] {
        switch guarantee {
        case .atLeastOnce: return gapless.kafka.faults(of: .producer)
        case .exactlyOnce:
            var kafka = configuration.kafka
            kafka.setDefault("transactional.id", "check")
            return kafka.faults(of: .producer)
        }
    }

    /// With the gapless guarantee, a refused batch stops the producer, and later messages of the same key cannot
    /// overtake it. The relay makes a new producer and finds the refused row.
    private var gapless: KafkaPublisherConfiguration {
        var configuration = configuration
        configuration.kafka.setDefault("enable.gapless.guarantee", "true")
        // For the questions that go through it, see AskingClient.
        configuration.kafka["isolation.level"] = "read_uncommitted"
        return configuration
    }

    /// - Throws: ``OutboxError`` with code `publisher` if librdkafka refuses the settings.
    public func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        do {
            let publisher = try KafkaPublisher(gapless, refused: refused, bounds: bounds, offsets: offsets, wake: wake)
            asking.lend(publisher.producer)
            return publisher
        } catch {
            throw OutboxError(.publisher, error.description)
        }
    }

    /// Keeps the record in the checkpoint topic, which is created if it may be.
    public func makeRecordKeeper(for outbox: OutboxOrigin) throws(OutboxError) -> (any RecordKeeper)? {
        guard configuration.keepsRecord else { return nil }
        return KafkaRecordKeeper(configuration, asking, outbox: outbox)
    }

    /// Reads the topics that the template can name. The relay needs the right to read them.
    public func publishedRows(
        of outbox: OutboxOrigin, after cut: Int64, guarantee: DeliveryGuarantee, within limit: Duration
    ) throws(PublishFailure) -> PublishedRows {
        do {
            return try PublishedTail(configuration, tag: outbox.tag, after: cut, guarantee: guarantee)
                .read(within: limit)
        } catch let error as KafkaError {
            let isTransient = error.isRetriable || error.code == .timedOut
            throw PublishFailure(isTransient ? .transient : .client, error.description)
        } catch {
            throw PublishFailure(.client, "\(error)")
        }
    }

    /// - Throws: ``OutboxError`` with code `publisher` if librdkafka refuses the settings.
    public func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher {
        do {
            let publisher = try KafkaTransactionalPublisher(
                configuration, outbox: outbox, refused: refused, bounds: bounds, offsets: offsets, wake: wake)
            asking.lend(publisher.producer)
            return publisher
        } catch {
            throw OutboxError(.publisher, error.description)
        }
    }

    /// Makes the watch over the topics that the publishers write to; one is enough. It connects when it is first used.
    public func makeTopicWatch() -> KafkaTopicWatch {
        KafkaTopicWatch(asking, offsets, configuration)
    }
}
