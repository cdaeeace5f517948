public import Logging
public import Orders
public import Postgres
import Synchronization
import Threads
import Values

/// The events of all orders, in Postgres: it executes commands and reads histories and states.
///
/// Commands share transactions. A few lanes own one connection each; while one batch is in flight, the next one is
/// collected. The events and outbox rows of a successful command are durable; each ``EventStoreError`` says whether
/// anything was written.
public final class EventStore: Sendable {
    private let configuration: EventStoreConfiguration
    private let writers: [Lane<WriteWorker>]
    private let readers: [Lane<ReadWorker>]
    private let keysInFlight = Mutex<Set<ExactText>>([])
    private let stopping = Reply<Void>()
    /// Ends early when the store stops.
    private let pause: Pause
    private let drainPause: Pause
    private let housekeeper: ThreadExecutor
    private let logger: Logger

    /// Starts threads. Connections are made by ``run()`` or by the first request.
    ///
    /// - Throws: `WakeDescriptorError` or `ThreadExecutorError` when the process is out of file descriptors or threads.
    public init(
        configuration: EventStoreConfiguration = EventStoreConfiguration(), postgres: PostgresConfiguration,
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.logger = logger
        let pause = try Pause()
        self.pause = pause
        drainPause = try Pause()
        housekeeper = try ThreadExecutor(name: "es-housekeeper")
        // Never interrupted: a stopping store still finishes the batch that is in flight.
        let retryPause = try Pause()
        writers = try (0..<max(1, configuration.writeLanes)).map { number in
            let connection = LaneConnection(
                postgres, name: "write \(number)", writes: true, configuration: configuration,
                logger: logger)
            let worker = WriteWorker(
                connection: connection, pause: retryPause, configuration: configuration, logger: logger)
            return try Lane(
                name: "es-write-\(number)", worker: worker, batchBound: configuration.maximumCommandsPerBatch,
                pause: pause, configuration: configuration)
        }
        readers = try (0..<max(1, configuration.readLanes)).map { number in
            let connection = LaneConnection(
                postgres, name: "read \(number)", writes: false, configuration: configuration,
                logger: logger)
            let worker = ReadWorker(connection: connection, configuration: configuration, logger: logger)
            return try Lane(
                name: "es-read-\(number)", worker: worker, batchBound: configuration.maximumReadsPerBatch,
                pause: pause, configuration: configuration)
        }
    }

    // MARK: - Life cycle

    /// Connects the lanes and, if it is to, removes expired idempotency keys until ``shutdown()`` or the cancellation
    /// of its task. Returns when the accepted commands are done or ``EventStoreConfiguration/drainLimit`` has passed.
    public func run() async {
        for lane in writers { lane.start() }
        for lane in readers { lane.start() }
        let housekeeping = Task { await self.removeExpiredKeys() }
        _ = await stopping.await {}
        // The drain has a task of its own, because the task that runs the store may have been cancelled.
        await Task { await self.drain(after: housekeeping) }.value
        housekeeper.shutdown()
    }

    /// Refuses requests from now on and makes ``run()`` return. Repeated calls have no effect.
    public func shutdown() {
        for lane in writers { lane.close() }
        for lane in readers { lane.close() }
        stopping.finish(.success(()))
    }

    /// Whether all lanes had a connection when they last used it. Postgres is not asked; see ``probe()``.
    package var isReady: Bool { writers.allSatisfy { $0.isReady } && readers.allSatisfy { $0.isReady } }

    /// The number of commands that wait for a batch, in all lanes together.
    package var waitingCommands: Int { writers.reduce(0) { $0 + $1.waitingCount } }

    /// The number of reads that wait for a query, in all lanes together.
    package var waitingReads: Int { readers.reduce(0) { $0 + $1.waitingCount } }

    /// Asks Postgres whether the store's tables are there for its role.
    ///
    /// - Throws: ``EventStoreError/unavailable(_:)`` if Postgres does not answer, or the tables are not there.
    public func probe() async throws(EventStoreError) {
        try await read(readers[0]) { .probe($0) }
    }

    // MARK: - Commands

    /// Creates an order. Its identifier is a new version 7 UUID.
    ///
    /// - Throws: ``EventStoreError``; only `outcomeUnknown` leaves open whether the order exists.
    public func place(
        _ details: OrderDetails, options: CommandOptions = CommandOptions()
    ) async throws(EventStoreError) -> CommandOutcome {
        try await placing(details, options: options).await().get()
    }

    /// The same for a caller without a task; see ``Reply``.
    public func placing(_ details: OrderDetails, options: CommandOptions) -> Reply<CommandOutcome> {
        submit(.place(details), on: UUIDBytes.v7().description, isNewOrder: true, options)
    }

    /// Decides a command on the order's current state and appends the resulting events.
    ///
    /// - Throws: ``EventStoreError``; only `outcomeUnknown` leaves open whether the events were written.
    public func execute(
        _ command: OrderCommand, on orderID: String, options: CommandOptions = CommandOptions()
    ) async throws(EventStoreError) -> CommandOutcome {
        try await executing(command, on: orderID, options: options).await().get()
    }

    /// The same for a caller without a task; see ``Reply``.
    public func executing(
        _ command: OrderCommand, on orderID: String, options: CommandOptions
    ) -> Reply<CommandOutcome> {
        submit(command, on: orderID, isNewOrder: false, options)
    }

    private func submit(
        _ command: OrderCommand, on orderID: String, isNewOrder: Bool, _ options: CommandOptions
    ) -> Reply<CommandOutcome> {
        guard isNewOrder || Self.canBeStored(orderID) else { return .answered(.failure(.notFound(orderID: orderID))) }
        let reply: Reply<CommandOutcome>
        if let key = options.idempotencyKey.map({ ExactText($0.key) }) {
            guard keysInFlight.withLock({ $0.insert(key).inserted }) else { return .answered(.failure(.inFlight)) }
            reply = Reply { _ = self.keysInFlight.withLock { $0.remove(key) } }
        } else {
            reply = Reply()
        }
        let order = ExactText(orderID)
        writers[Self.index(of: order, in: writers.count)].submit(
            CommandRequest(
                command: command, orderID: order, isNewOrder: isNewOrder, options: options, reply: .alone(reply)))
        return reply
    }

    /// Executes many commands, each for itself: one that fails does not fail the others. The commands of one lane share
    /// as few transactions as ``EventStoreConfiguration/maximumCommandsPerBatch`` allows.
    ///
    /// A command whose order is known is decided and appended without a query. If the order has changed since, its
    /// events are loaded and the command is decided again. The call cannot be cancelled.
    ///
    /// - Returns: one outcome for each command, in order.
    public func execute(_ commands: [BatchedCommand]) async -> [BatchedOutcome] {
        guard !commands.isEmpty else { return [] }
        let batch = CommandBatch(commands.map(\.orderID))
        return await batch.await {
            var requests = [[CommandRequest]](repeating: [], count: writers.count)
            for (index, command) in commands.enumerated() {
                let reply = CommandReply.batched(batch, index: index)
                guard Self.canBeStored(command.orderID) else {
                    reply.finish(.failure(.notFound(orderID: command.orderID)))
                    continue
                }
                let order = ExactText(command.orderID)
                requests[Self.index(of: order, in: writers.count)].append(
                    CommandRequest(
                        command: command.command, orderID: order, isNewOrder: false, options: CommandOptions(),
                        known: command.known?.head, reply: reply))
            }
            for (lane, requests) in zip(writers, requests) { lane.submit(requests) }
        }
    }

    // MARK: - Reads

    /// The order folded from all its events; nil if it has none.
    ///
    /// - Throws: ``EventStoreError``.
    public func load(_ orderID: String) async throws(EventStoreError) -> LoadedOrder? {
        try await loading(orderID).await().get()
    }

    /// The same for a caller without a task; see ``Reply``.
    public func loading(_ orderID: String) -> Reply<LoadedOrder?> {
        guard Self.canBeStored(orderID) else { return .answered(.success(nil)) }
        let order = ExactText(orderID)
        let reply = Reply<LoadedOrder?>()
        readers[Self.index(of: order, in: readers.count)].submit(.order(order, reply))
        return reply
    }

    /// The order's events from a sequence number on, at most `limit`, in sequence; empty if there are none.
    ///
    /// - Throws: ``EventStoreError``.
    public func history(
        _ orderID: String, from sequenceNumber: Int64 = 0, limit: Int = 1000
    ) async throws(EventStoreError) -> [StoredEvent] {
        guard Self.canBeStored(orderID) else { return [] }
        return try await read(readers[Self.index(of: ExactText(orderID), in: readers.count)]) {
            .history(orderID: orderID, from: sequenceNumber, limit: Int64(limit), $0)
        }
    }

    /// Postgres refuses a text with a NUL, and with it the whole batch. No order has such an identifier.
    private static func canBeStored(_ identifier: String) -> Bool {
        // Over contiguous bytes, because the iterator of a String costs several times as much.
        !(identifier.utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? identifier.utf8.contains(0))
    }

    private func read<Value: Sendable>(
        _ lane: Lane<ReadWorker>, _ request: (Reply<Value>) -> ReadRequest
    ) async throws(EventStoreError) -> Value {
        let reply = Reply<Value>()
        let request = request(reply)
        return try await reply.await { lane.submit(request) }.get()
    }

    /// The same order always uses the same lane, so that its commands never conflict within this store.
    private static func index(of order: ExactText, in lanes: Int) -> Int {
        guard lanes > 1 else { return 0 }
        // FNV-1a, because the hash of a dictionary costs four times as much for an identifier.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var text = order.text
        text.withUTF8 { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 } }
        return Int((hash >> 32) % UInt64(lanes))
    }

    // MARK: - Housekeeping

    private func removeExpiredKeys() async {
        guard configuration.removesExpiredKeys else { return }
        let retention = configuration.idempotencyRetention.components.seconds * 1_000_000
        let (limit, interval) = (configuration.maximumKeysPerCleanup, configuration.cleanupInterval)
        while !pause.isInterrupted {
            let expiry = WallClock.microsecondsSince1970 - retention
            let removed = try? await read(readers[0]) { .removeKeys(before: expiry, limit: Int64(limit), $0) }
            if let removed, removed >= limit { continue }
            // The error means that the thread was shut down, which happens after the last pause.
            try? await housekeeper.run { [pause] in pause.wait(interval) }
        }
    }

    private func drain(after housekeeping: Task<Void, Never>) async {
        shutdown()
        await housekeeping.value
        let (drained, limit) = (drainPause, configuration.drainLimit)
        let lanes = Task {
            for lane in self.writers { await lane.finish() }
            for lane in self.readers { await lane.finish() }
            drained.interrupt()
        }
        try? await housekeeper.run { drained.wait(limit) }
        if !drained.isInterrupted { logger.error("stopped before all accepted commands were done") }
        lanes.cancel()
    }
}
