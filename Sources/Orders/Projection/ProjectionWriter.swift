import Postgres
import Synchronization
import Threads

/// The projection's store on a thread of its own, so that the consumer's thread gathers the next batch while one is
/// applied.
///
/// One connection, one job at a time. The consumer's thread waits for the answer of every job except a batch.
final class ProjectionWriter {
    private let thread: ThreadExecutor
    private let session: StoreSession
    /// Wakes the consumer's thread when a batch is applied.
    private let wake: WakeDescriptor
    /// Ends a wait for an answer.
    private let answered: WakeDescriptor

    /// Starts the thread; connects at the first use.
    ///
    /// - Throws: when the process has no thread or no file descriptor left.
    init(_ configuration: ProjectorConfiguration, _ wake: WakeDescriptor) throws {
        self.thread = try ThreadExecutor(name: "projection")
        self.answered = try WakeDescriptor()
        self.session = StoreSession(configuration)
        self.wake = wake
    }

    deinit {
        thread.shutdown()
    }

    /// Runs `body` with the store, behind the batch in hand, and waits for it.
    ///
    /// - Throws: what `body` throws, or the failure to connect.
    func perform<T: Sendable>(_ body: @escaping @Sendable (ProjectionStore) throws -> T) throws -> T {
        let answer = Answer<T>()
        thread.submit { [session, answered] in
            answer.set(Result { try session.use(body) })
            answered.wake()
        }
        while true {
            if let result = answer.take() { return try result.get() }
            answered.wait(until: nil)
        }
    }

    /// A batch that is being applied.
    final class Flight: Sendable {
        fileprivate let answer = Answer<ProjectionStore.AppliedBatch>()

        /// The outcome, once; nil while the batch is being applied.
        func takeOutcome() -> Result<ProjectionStore.AppliedBatch, any Error>? { answer.take() }
    }

    /// Starts to apply a batch and returns at once; the consumer's thread is woken when the outcome is there.
    func start(_ batch: BatchFold, moving positions: [Position], in table: PositionTable) -> Flight {
        let flight = Flight()
        thread.submit { [session, wake, answered] in
            flight.answer.set(Result { try session.use { try $0.applyWhatFits(batch, moving: positions, in: table) } })
            wake.wake()
            answered.wake()
        }
        return flight
    }

    /// Waits until the batch is applied, or has failed.
    func outcome(of flight: Flight) -> Result<ProjectionStore.AppliedBatch, any Error> {
        while true {
            if let outcome = flight.takeOutcome() { return outcome }
            answered.wait(until: nil)
        }
    }
}

extension ProjectionStore {
    /// Applies a batch; if Postgres refuses a value that passed the checks of this module, order by order: the others
    /// must not wait for it.
    fileprivate func applyWhatFits(
        _ batch: BatchFold, moving positions: [Position], in table: PositionTable
    ) throws -> AppliedBatch {
        do {
            return try apply(batch, moving: positions, in: table)
        } catch let error as PostgresError where error.isAboutData {
            return try apply(batch, moving: positions, in: table, carefully: true)
        }
    }
}

/// The answer to one job, for the thread that waits for it.
private final class Answer<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }

    func take() -> Result<Value, any Error>? {
        result.withLock { result in
            defer { result = nil }
            return result
        }
    }
}

/// The store with its connection, opened at first use and replaced when it was lost. Used on the writer's thread only.
private final class StoreSession: @unchecked Sendable {
    private let configuration: ProjectorConfiguration
    private var openedStore: ProjectionStore?

    init(_ configuration: ProjectorConfiguration) {
        self.configuration = configuration
    }

    func use<T>(_ body: (ProjectionStore) throws -> T) throws -> T {
        let store = try store()
        defer { if !store.connection.isUsable { openedStore = nil } }
        return try body(store)
    }

    private func store() throws -> ProjectionStore {
        if let openedStore {
            if openedStore.connection.isAlive { return openedStore }
            // The next server may have been promoted without the last positions: the failure has them asked for again.
            self.openedStore = nil
            throw PostgresError(.connection, "the connection was lost while it was idle")
        }
        let connection = try PostgresConnection(configuration.connection)
        let made = ProjectionStore(connection, topic: configuration.topic, member: configuration.member)
        openedStore = made
        return made
    }
}
