public import Consumers
public import Logging
public import Postgres
public import Threads

/// How a projector works.
public struct ProjectorConfiguration: Sendable {
    /// Where the event store and the projection's tables are.
    public var postgres: PostgresConfiguration
    /// The topic of the orders' events.
    public var topic = "outbox.event.order"
    /// The most messages gathered, and applied in one transaction. Under load batches grow to this; otherwise a message
    /// is applied when it comes.
    public var maximumBatchMessages = 60_000
    /// How long messages are gathered under load, from the beginning of one batch to that of the next, so that several
    /// events of an order are one write. Orders that are being paid wait up to five times as long for their next event.
    /// Without load nothing is gathered. Zero: never.
    public var gathering: Duration = .milliseconds(250)
    /// Without messages for so long, what is gathered is applied.
    var quiet = ProjectionLimits.quiet
    /// While fewer messages come, the load is over.
    var leastMessagesPerSecond = ProjectionLimits.messagesPerSecondUnderLoad
    /// The most orders that one chunk of a healing walk compares; between two chunks new messages are applied.
    public var healingChunkOrders = 1_000
    /// The most orders that one step of a rebuild reads; between two steps new messages are applied.
    var rebuildChunkOrders = ProjectionLimits.rebuildChunkOrders
    /// How often a projector looks whether a walk or a rebuild was asked for.
    var healingLook = ProjectionLimits.healingLook
    /// Shown to operators as the owner of claims, for example host and process id.
    public var member: String

    /// The defaults, for this database and member.
    public init(postgres: PostgresConfiguration, member: String) {
        self.postgres = postgres
        self.member = member
    }

    /// For the connection that applies batches, which lives as long as the process.
    var connection: PostgresConfiguration {
        var result = postgres
        result.plans = .byKey
        return result
    }
}

/// Keeps `order_projection` up to date with the topic of the orders' events.
///
/// One thread takes messages from the source and gathers them, another one applies a batch meanwhile.
public final class Projector: Sendable {
    private let consumer: Consumer<ProjectorHappening>

    /// - Parameter makeSource: called on the projector's thread, again whenever a source has failed for good.
    /// - Throws: `WakeDescriptorError` when the process has no file descriptors left.
    public init(
        _ configuration: ProjectorConfiguration, observer: any ConsumerObserver<ProjectorHappening>, logger: Logger,
        makeSource: @escaping MakeMessageSource
    ) throws(WakeDescriptorError) {
        consumer = try Consumer(
            name: "projector", drainLimit: .zero, observer: observer, logger: logger, makeSource: makeSource
        ) { wake, reports in
            ProjectionHandler(configuration, reports, wake)
        }
    }

    /// Works until ``stop()``; then the batch in hand is finished and the group left.
    ///
    /// - Throws: `ThreadExecutorError` only; failures of Postgres and Kafka are reported and tried again.
    public func run() async throws { try await consumer.run() }

    /// Ends ``run()``, from any thread.
    public func stop() { consumer.stop() }
}
