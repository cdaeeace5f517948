import Consumers
import Kafka
import Logging
import Projection
import ServiceLifecycle

/// The projector, reading from Kafka until the process is told to stop.
struct ProjectorService: Service {
    private let projector: Projector

    init(_ settings: ProjectorSettings, _ metrics: ProjectorMetrics, _ logger: Logger) throws {
        let throttle = metrics.throttle
        let (kafka, groupID, projection) = (settings.kafka, settings.groupID, settings.projector)
        projector = try Projector(projection, observer: metrics, logger: logger) { wake in
            try KafkaMessageSource(
                kafka, topic: projection.topic, groupID: groupID,
                maximumBatchMessages: min(projection.maximumBatchMessages, ProjectionLimits.messagesPerPoll),
                wake: wake, throttle: throttle, logger: logger)
        }
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await projector.run()
        } onCancelOrGracefulShutdown: {
            projector.stop()
        }
    }
}
