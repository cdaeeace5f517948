import Kafka
import Outbox
import OutboxKafka
import Runtime

/// How often rows may arrive, and what exactly-once delivery needs of Kafka.
enum DeliverySettings {
    static func read(
        _ environment: EnvironmentReader, into relay: inout RelayConfiguration,
        _ publisher: inout KafkaPublisherConfiguration
    ) {
        relay.guarantee = environment.choice("RELAY_DELIVERY", default: relay.guarantee)
        relay.afterDataLoss = environment.choice("RELAY_AFTER_DATA_LOSS", default: relay.afterDataLoss)
        let topic = environment.string("RELAY_CHECKPOINT_TOPIC", default: publisher.checkpointTopic)
        if KafkaTopic.isValid(topic) {
            publisher.checkpointTopic = topic
        } else {
            environment.report("RELAY_CHECKPOINT_TOPIC", "'\(topic)' is no topic name")
        }
        if relay.guarantee == .atLeastOnce, publisher.kafka["transactional.id"] != nil {
            environment.report("KAFKA_TRANSACTIONAL_ID", "goes with RELAY_DELIVERY=exactly-once only")
        }
    }
}
