import Glibc
public import Logging
public import Orders
public import Postgres
import Synchronization
import Threads
import Values

/// The order's events in Postgres: commands in, history and state out.
///
/// Commands share transactions. A few lanes own one connection each; while one batch is in flight the next one gathers.
/// A command that is answered with success is durable, its events and its outbox rows; every other answer says what is
/// known.
public final class EventStore: Sendable {
    private let configuration: EventStoreConfiguration
    private let writers: [Lane<WriteWorker>]
    private let readers: [Lane<ReadWorker>]
    private let keysInFlight = Mutex<Set<ExactText>>([])
    private let stopping = Reply<Void>()
    private let pause: Pause
    private let drainPause: Pause
    private let housekeeper: ThreadExecutor
    private let logger: Logger

    /// Starts threads but connects only in ``run()`` or with the first request.
    ///
    /// - Throws: ``WakeDescriptorError`` or ``ThreadExecutorError`` when the process is out of file descriptors or
    ///   threads.
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
        writers = try (0..<max(1, configuration.writeLanes)).map { number in
            let connection = LaneConnection(
                postgres, name: "write \(number)", writes: true, configuration: configuration)
            let worker = WriteWorker(
                connection: connection, configuration: configuration, logger: logger)
            return try Lane(
                name: "es-write-\(number)", worker: worker, batchBound: configuration.maximumCommandsPerBatch,
                pause: pause, configuration: configuration)
        }
        readers = try (0..<max(1, configuration.readLanes)).map { number in
            let connection = LaneConnection(
                postgres, name: "read \(number)", writes: false, configuration: configuration)
            let worker = ReadWorker(connection: connection, configuration: configuration, logger: logger)
            return try Lane(
                name: "es-read-\(number)", worker: worker, batchBound: configuration.maximumReadsPerBatch,
                pause: pause, configuration: configuration)
        }
    }

    // MARK: - Life

    /// Connects, keeps house, and stops: returns after ``shutdown()`` or the cancellation of its task, when accepted
    /// commands are done or ``EventStoreConfiguration/drainLimit`` has passed.
    public func run() async {
        for lane in writers { lane.start() }
        for lane in readers { lane.start() }
        let housekeeping = Task { await self.removeExpiredKeys(between: housekeeper) }
        _ = await stopping.await {}
        // In a task of its own: the one that runs the store may have been cancelled, and the drain must not be.
        await Task { await self.drain(timer: housekeeper, afterwards: housekeeping) }.value
        housekeeper.shutdown()
    }

    /// Refuses new requests from now on and makes ``run()`` return.
    public func shutdown() {
        for lane in writers { lane.close() }
        for lane in readers { lane.close() }
        stopping.finish(.success(()))
    }

    /// Whether all lanes have a connection, as far as they know. Costs nothing; see ``probe()``.
    public var isReady: Bool { writers.allSatisfy { $0.isReady } && readers.allSatisfy { $0.isReady } }

    /// How many commands wait for a batch, all lanes together.
    public var waitingCommands: Int { writers.reduce(0) { $0 + $1.waitingCount } }

    /// How many reads wait for a query, all lanes together.
    public var waitingReads: Int { readers.reduce(0) { $0 + $1.waitingCount } }

    /// Asks Postgres for an answer. Throws ``EventStoreError/unavailable(_:)`` if there is none.
    public func probe() async throws(EventStoreError) {
        try await read(readers[0]) { .probe($0) }
    }

    // MARK: - Commands

    /// Makes a new order with a version 7 UUID as its identifier.
    public func place(
        _ details: OrderDetails, options: CommandOptions = CommandOptions()
    ) async throws(EventStoreError) -> CommandOutcome {
        let id = UUIDBytes.v7()
        return try await execute(.place(details), on: id.description, isNewOrder: true, options)
    }

    /// Decides a command on an order's current state and appends what it makes happen.
    public func execute(
        _ command: OrderCommand, on orderID: String, options: CommandOptions = CommandOptions()
    ) async throws(EventStoreError) -> CommandOutcome {
        try await execute(command, on: orderID, isNewOrder: false, options)
    }

    private func execute(
        _ command: OrderCommand, on orderID: String, isNewOrder: Bool, _ options: CommandOptions
    ) async throws(EventStoreError) -> CommandOutcome {
        guard Self.canBeStored(orderID) else { throw .notFound(orderID: orderID) }
        let key = options.idempotencyKey.map { ExactText($0.key) }
        if let key {
            guard keysInFlight.withLock({ $0.insert(key).inserted }) else { throw .inFlight }
        }
        defer {
            if let key { _ = keysInFlight.withLock { $0.remove(key) } }
        }
        let order = ExactText(orderID)
        let reply = Reply<CommandOutcome>()
        let request = CommandRequest(
            command: command, orderID: order, isNewOrder: isNewOrder, options: options, reply: reply)
        return try await reply.await { writers[Self.index(of: order, in: writers.count)].submit(request) }.get()
    }

    // MARK: - Reads

    /// The order folded from its events as they are now; nil if it has none.
    public func load(_ orderID: String) async throws(EventStoreError) -> LoadedOrder? {
        guard Self.canBeStored(orderID) else { return nil }
        let order = ExactText(orderID)
        return try await read(readers[Self.index(of: order, in: readers.count)]) { .order(order, $0) }
    }

    /// An order's events from a sequence number on, at most `limit`; empty if there are none.
    public func history(
        _ orderID: String, from sequenceNumber: Int64 = 0, limit: Int = 1000
    ) async throws(EventStoreError) -> [StoredEvent] {
        guard Self.canBeStored(orderID) else { return [] }
        return try await read(readers[Self.index(of: ExactText(orderID), in: readers.count)]) {
            .history(orderID: orderID, from: sequenceNumber, limit: Int64(limit), $0)
        }
    }

    /// Postgres refuses a text with a NUL, and with it the whole batch; there is no such order.
    private static func canBeStored(_ identifier: String) -> Bool { !identifier.utf8.contains(0) }

    private func read<Value: Sendable>(
        _ lane: Lane<ReadWorker>, _ request: (Reply<Value>) -> ReadRequest
    ) async throws(EventStoreError) -> Value {
        let reply = Reply<Value>()
        let request = request(reply)
        return try await reply.await { lane.submit(request) }.get()
    }

    /// The same order always goes through the same lane, which then sees no conflicts with itself.
    private static func index(of order: ExactText, in lanes: Int) -> Int {
        lanes == 1 ? 0 : Int(UInt(bitPattern: order.hashValue) % UInt(lanes))
    }

    // MARK: - Housekeeping

    private func removeExpiredKeys(between thread: ThreadExecutor) async {
        let retention = configuration.idempotencyRetention.components.seconds * 1_000_000
        let (limit, interval) = (configuration.maximumKeysPerCleanup, configuration.cleanupInterval)
        while !pause.isInterrupted {
            let expiry = WallClock.microsecondsSince1970 - retention
            let removed = try? await read(readers[0]) { .removeKeys(before: expiry, limit: Int64(limit), $0) }
            if let removed, removed >= limit { continue }
            // Only a thread that was shut down refuses, and this one is shut down after the last pause.
            try? await thread.run { [pause] in pause.wait(interval) }
        }
    }

    private func drain(timer: ThreadExecutor, afterwards housekeeping: Task<Void, Never>) async {
        shutdown()
        await housekeeping.value
        let (drained, limit) = (drainPause, configuration.drainLimit)
        let lanes = Task {
            for lane in self.writers { await lane.finish() }
            for lane in self.readers { await lane.finish() }
            drained.interrupt()
        }
        try? await timer.run { drained.wait(limit) }
        if !drained.isInterrupted { logger.error("stopped before all accepted commands were done") }
        lanes.cancel()
    }
}
