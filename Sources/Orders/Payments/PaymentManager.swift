public import EventStore
public import Logging
import Postgres
import Synchronization
public import Threads

/// The process manager of payments: reacts to placed and cancelled orders with commands through the event store.
///
/// It keeps no state of its own about a payment: what an order needs next is told by its events (``PaymentStep``). So a
/// message that comes twice is harmless, several members may work at once (optimistic locking lets one win), and after
/// a crash the next process goes on where the order is. What Kafka no longer has is found by a recovery pass over the
/// events.
public final class PaymentManager: Sendable {
    public typealias MakeSource = @Sendable (WakeDescriptor) throws -> any MessageSource

    private let configuration: PaymentsConfiguration
    private let process: PaymentProcess
    private let makeSource: MakeSource
    private let observer: any PaymentsObserver
    private let logger: Logger
    private let wake: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)

    /// - Parameters:
    ///   - store: running, and stopped after this.
    ///   - makeSource: called on the thread of payments, again whenever a source has failed for good.
    /// - Throws: ``WakeDescriptorError``.
    public convenience init(
        _ configuration: PaymentsConfiguration, store: EventStore, gateway: any PaymentGateway,
        observer: any PaymentsObserver,
        logger: Logger, makeSource: @escaping MakeSource
    ) throws(WakeDescriptorError) {
        try self.init(
            configuration, orders: EventStoreCommands(store: store), gateway: gateway, observer: observer,
            logger: logger,
            makeSource: makeSource)
    }

    init(
        _ configuration: PaymentsConfiguration, orders: any OrderCommands, gateway: any PaymentGateway,
        observer: any PaymentsObserver, logger: Logger, makeSource: @escaping MakeSource
    ) throws(WakeDescriptorError) {
        self.configuration = configuration
        self.process = PaymentProcess(orders: orders, gateway: gateway, configuration: configuration)
        self.makeSource = makeSource
        self.observer = observer
        self.logger = logger
        self.wake = try WakeDescriptor()
    }

    /// Works until ``stop()``; then orders in hand are finished, within the drain limit, offsets committed and the
    /// group left.
    public func run() async throws {
        let thread = try ThreadExecutor(name: "payments")
        defer { thread.shutdown() }
        try await thread.run { [self] in
            let work = PaymentWork(process, wake)
            let session = PaymentsSession(
                configuration, wake, work, reports: PaymentsReports(observer: observer, logger: logger),
                makeSource: makeSource)
            while !isStopping.load(ordering: .acquiring) { session.step() }
            session.drain()
        }
    }

    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.wake()
    }
}
