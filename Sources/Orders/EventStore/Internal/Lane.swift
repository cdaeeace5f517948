import Synchronization
import Threads

/// A thread with one connection, and a queue of requests for it.
///
/// While a batch is in flight, further requests wait for the next one. There is no timer: a single request is worked on
/// at once.
final class Lane<Worker: LaneWorker>: Sendable {
    private let executor: ThreadExecutor
    private let worker: ThreadConfined<Worker>
    private let queue: Mutex<GatherQueue<Worker.Request>>
    private let pause: Pause
    private let batchBound: Int
    private let configuration: EventStoreConfiguration
    private let isConnected = Atomic<Bool>(false)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - batchBound: the most requests of one batch.
    ///   - pause: the pause between two attempts to connect; ``close()`` ends it.
    init(
        name: String, worker: sending Worker, batchBound: Int, pause: Pause, configuration: EventStoreConfiguration
    ) throws {
        self.executor = try ThreadExecutor(name: name)
        self.worker = ThreadConfined(worker)
        self.queue = Mutex(GatherQueue(bound: configuration.maximumQueuedPerLane))
        self.pause = pause
        self.batchBound = batchBound
        self.configuration = configuration
        // Nothing runs on the thread yet, so this thread may still touch the worker.
        self.worker.value.availabilityChanged = { [weak self] failure in
            if let failure { self?.goDown(failure.reason) } else { self?.comeUp() }
        }
    }

    /// Whether the lane had a connection when it last used it.
    var isReady: Bool { isConnected.load(ordering: .relaxed) }

    /// The number of requests that wait for a batch.
    var waitingCount: Int { queue.withLock { $0.count } }

    /// Connects without waiting for the first request.
    func start() {
        if queue.withLock({ $0.startWorking() }) {
            executor.submit { [self] in serve() }
        }
    }

    /// Queues the request, or answers it with an error at once.
    func submit(_ request: Worker.Request) {
        switch queue.withLock({ $0.offer(request) }) {
        case .accepted(startWorker: true): executor.submit { [self] in serve() }
        case .accepted(startWorker: false): break
        case .refused(let refusal): refuse(request, refusal)
        }
    }

    /// Queues the requests in their order; each that is refused is answered with an error at once.
    func submit(_ requests: [Worker.Request]) {
        guard !requests.isEmpty else { return }
        var mustStart = false
        var refused: [(request: Worker.Request, refusal: GatherQueue<Worker.Request>.Refusal)] = []
        queue.withLock { queue in
            for request in requests {
                switch queue.offer(request) {
                case .accepted(let startWorker): mustStart = mustStart || startWorker
                case .refused(let refusal): refused.append((request, refusal))
                }
            }
        }
        for (request, refusal) in refused { refuse(request, refusal) }
        if mustStart { executor.submit { [self] in serve() } }
    }

    private func refuse(_ request: Worker.Request, _ refusal: GatherQueue<Worker.Request>.Refusal) {
        switch refusal {
        case .full: request.fail(.overloaded(retryAfter: configuration.retryAfter))
        case .down(let reason): request.fail(.unavailable(reason))
        case .closed: request.fail(.unavailable("it is shutting down"))
        }
    }

    /// Refuses requests from now on.
    func close() {
        queue.withLock { $0.close() }
        pause.interrupt()
    }

    /// Waits until the requests accepted before ``close()`` are answered, then ends the thread.
    func finish() async {
        // The error means that the thread has ended already.
        try? await executor.run { [self] in
            // A task may have queued a request and not have started the worker yet.
            if waitingCount > 0 { serve() }
            worker.value.close()
        }
        executor.shutdown()
    }

    // MARK: - On the lane's thread

    /// Works on batches until no request waits, or the lane is closed while Postgres is away.
    private func serve() {
        var held: [Worker.Request] = []
        do {
            try worker.value.connect()
            comeUp()
        } catch {
            guard recover(from: error) else { return }
        }
        while true {
            let limit = batchBound - held.count
            let batch = queue.withLock { $0.take(limit, workerHoldsSome: !held.isEmpty) }
            if batch.isEmpty && held.isEmpty { return }
            let now = ContinuousClock.now
            do {
                held = try worker.value.process(held + batch.filter { $0.claim(at: now) })
            } catch {
                held = []
                guard recover(from: error) else { return }
            }
        }
    }

    /// Refuses all requests until there is a connection again. Returns false when the lane was closed meanwhile.
    private func recover(from failure: LaneDown) -> Bool {
        var reason = failure.reason
        var backoff = Backoff(
            first: configuration.minimumReconnectDelay, longest: configuration.maximumReconnectDelay)
        while true {
            goDown(reason)
            if queue.withLock({ $0.isClosed }) { return false }
            pause.wait(backoff.failed())
            do {
                try worker.value.connect()
                comeUp()
                return true
            } catch {
                reason = error.reason
            }
        }
    }

    private func goDown(_ reason: String) {
        isConnected.store(false, ordering: .relaxed)
        let refused = queue.withLock { $0.goDown(reason) }
        for request in refused { request.fail(.unavailable(reason)) }
    }

    private func comeUp() {
        queue.withLock { $0.comeUp() }
        isConnected.store(true, ordering: .relaxed)
    }
}

/// Carries a value to the one thread that uses it: the holder must touch the value on that thread only.
private final class ThreadConfined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: sending Value) {
        self.value = value
    }
}
