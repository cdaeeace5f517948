import Consumers
import EventStore
import Kafka
import Logging
import Payments
import ServiceLifecycle

/// Payments, reading from Kafka until the process is told to stop.
struct PaymentsService: Service {
    private let payments: PaymentManager

    init(_ settings: PaymentsSettings, _ store: EventStore, _ metrics: PaymentsMetrics, _ logger: Logger) throws {
        let throttle = metrics.throttle
        let (kafka, groupID, topic) = (settings.kafka, settings.groupID, settings.payments.topic)
        payments = try PaymentManager(
            settings.payments, store: store, gateway: SimulatedGateway(latency: settings.gatewayLatency),
            observer: metrics, logger: logger
        ) { wake in
            try KafkaMessageSource(
                kafka, topic: topic, groupID: groupID, maximumBatchMessages: PaymentsLimits.messagesPerBatch,
                wake: wake, throttle: throttle, logger: logger)
        }
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await payments.run()
        } onCancelOrGracefulShutdown: {
            payments.stop()
        }
    }
}
