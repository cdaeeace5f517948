import Synchronization
import Threads

/// One thread with one connection, and the requests that gather for it.
///
/// While a batch is in flight the next one gathers; there is no timer, so a lone request is worked on at once.
final class Lane<Worker: LaneWorker>: Sendable {
    private let executor: ThreadExecutor
    private let worker: ThreadConfined<Worker>
    private let queue: Mutex<GatherQueue<Worker.Request>>
    private let pause: Pause
    private let batchBound: Int
    private let configuration: EventStoreConfiguration
    private let isConnected = Atomic<Bool>(false)

    init(
        name: String, worker: sending Worker, batchBound: Int, pause: Pause, configuration: EventStoreConfiguration
    ) throws(ThreadExecutorError) {
        self.executor = try ThreadExecutor(name: name)
        self.worker = ThreadConfined(worker)
        self.queue = Mutex(GatherQueue(bound: configuration.maximumQueuedPerLane))
        self.pause = pause
        self.batchBound = batchBound
        self.configuration = configuration
        // Nothing runs on the thread yet, so the worker may still be touched from here.
        self.worker.value.availabilityChanged = { [weak self] failure in
            if let failure { self?.goDown(failure.reason) } else { self?.comeUp() }
        }
    }

    /// Whether the lane has a connection, as far as it knows.
    var isReady: Bool { isConnected.load(ordering: .relaxed) }

    /// How many requests wait for the batch after the one in flight.
    var waitingCount: Int { queue.withLock { $0.count } }

    /// Starts connecting before the first request comes.
    func start() {
        if queue.withLock({ $0.startWorking() }) {
            executor.submit { [self] in serve() }
        }
    }

    /// Takes the request or fails it at once.
    func submit(_ request: Worker.Request) {
        switch queue.withLock({ $0.offer(request) }) {
        case .accepted(startWorker: true): executor.submit { [self] in serve() }
        case .accepted(startWorker: false): break
        case .refused(.full): request.fail(.overloaded(retryAfter: configuration.retryAfter))
        case .refused(.down(let reason)): request.fail(.unavailable(reason))
        case .refused(.closed): request.fail(.unavailable("it is shutting down"))
        }
    }

    /// Refuses new requests.
    func close() {
        queue.withLock { $0.close() }
        pause.interrupt()
    }

    /// Waits until what was accepted before ``close()`` is done, then ends the thread.
    func finish() async {
        // The closed thread takes no jobs only if somebody finished it before.
        try? await executor.run { [self] in
            // Somebody may have put a request into the queue and not have come to start the worker yet.
            if waitingCount > 0 { serve() }
            worker.value.close()
        }
        executor.shutdown()
    }

    // MARK: - On the lane's thread

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

    /// Refuses everybody until there is a connection again. Returns false when the lane was closed meanwhile.
    private func recover(from failure: LaneDown) -> Bool {
        var reason = failure.reason
        var delay = configuration.minimumReconnectDelay
        while true {
            goDown(reason)
            if queue.withLock({ $0.isClosed }) { return false }
            pause.wait(delay)
            delay = min(delay * 2, configuration.maximumReconnectDelay)
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
