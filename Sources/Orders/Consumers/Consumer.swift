public import Logging
import Synchronization
public import Threads

/// A consumer at work on a thread of its own: joins the group, hands messages to its handler, commits, leaves.
///
/// Projector and payments differ in their ``MessageHandler`` alone. A consumer never gives up by itself: whatever is
/// away is tried again, with growing pauses that any event cuts short.
public final class Consumer<Happening: Sendable>: Sendable {
    /// Makes the handler on the consumer's thread. The descriptor wakes the session, from any thread.
    public typealias MakeHandler = @Sendable (WakeDescriptor, ConsumerReports<Happening>) -> any MessageHandler

    private let name: String
    private let drainLimit: Duration
    private let observer: any ConsumerObserver<Happening>
    private let logger: Logger
    private let makeSource: MakeMessageSource
    private let makeHandler: MakeHandler
    private let wake: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)

    /// - Parameters:
    ///   - name: of the thread; Linux shows its first 15 bytes.
    ///   - drainLimit: how long a stopping consumer lets its handler's work end.
    /// - Throws: `WakeDescriptorError` when the process has no file descriptors left.
    public init(
        name: String, drainLimit: Duration, observer: any ConsumerObserver<Happening>, logger: Logger,
        makeSource: @escaping MakeMessageSource, makeHandler: @escaping MakeHandler
    ) throws(WakeDescriptorError) {
        self.name = name
        self.drainLimit = drainLimit
        self.observer = observer
        self.logger = logger
        self.makeSource = makeSource
        self.makeHandler = makeHandler
        self.wake = try WakeDescriptor()
    }

    /// Consumes until ``stop()``. Then the work in hand is finished within the drain limit, offsets are committed and
    /// the group is left. To be called once.
    ///
    /// - Throws: `ThreadExecutorError` only.
    public func run() async throws {
        let thread = ThreadExecutor(name: name)
        defer { thread.shutdown() }
        try await thread.run { [self] in
            let reports = ConsumerReports(observer: observer, logger: logger)
            let session = ConsumerSession(makeHandler(wake, reports), reports, wake, makeSource: makeSource)
            while !isStopping.load(ordering: .acquiring) { session.runRound() }
            session.drain(within: drainLimit)
        }
    }

    /// Ends ``run()``, from any thread. Harmless to repeat.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.wake()
    }
}
