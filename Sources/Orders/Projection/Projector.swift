public import Logging
import Postgres
import Synchronization
public import Threads

/// Keeps `order_projection` up to date with the topic of the orders' events.
///
/// One thread does everything: it waits on the source, applies a batch, waits again; librdkafka fetches ahead
/// meanwhile. It never gives up by itself: whatever is away is tried again, with growing pauses that any news cuts
/// short.
public final class Projector: Sendable {
    public typealias MakeSource = @Sendable (WakeDescriptor) throws -> any MessageSource

    private let configuration: ProjectorConfiguration
    private let makeSource: MakeSource
    private let observer: any ProjectorObserver
    private let logger: Logger
    private let wake: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)

    /// - Parameter makeSource: called on the projector's thread, again whenever a source has failed for good.
    /// - Throws: ``WakeDescriptorError``.
    public init(
        _ configuration: ProjectorConfiguration, observer: any ProjectorObserver, logger: Logger,
        makeSource: @escaping MakeSource
    ) throws(WakeDescriptorError) {
        self.configuration = configuration
        self.makeSource = makeSource
        self.observer = observer
        self.logger = logger
        self.wake = try WakeDescriptor()
    }

    /// Works until ``stop()``; then the batch in hand is finished and the group left.
    public func run() async throws {
        let thread = try ThreadExecutor(name: "projector")
        defer { thread.shutdown() }
        try await thread.run { [self] in
            let session = ProjectorSession(
                configuration, wake, observer: observer, logger: logger, makeSource: makeSource)
            while !isStopping.load(ordering: .acquiring) { session.step() }
            session.close()
        }
    }

    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.wake()
    }
}
