/// The requests that wait for one lane's next batch. Their number is bounded, and none waits while Postgres is away.
///
/// A value without I/O and without a lock: the caller calls it under a lock of its own and acts on the results.
struct GatherQueue<Element> {
    /// Why a request was not taken.
    enum Refusal: Equatable {
        /// As many requests wait as the queue may hold.
        case full
        /// Postgres is away, for this reason.
        case down(String)
        /// The lane is stopping.
        case closed
    }

    /// The result of ``offer(_:)``.
    enum Offer: Equatable {
        /// The request was taken. With `startWorker` the caller must start the worker.
        case accepted(startWorker: Bool)
        case refused(Refusal)
    }

    private enum Status {
        case up
        case down(String)
        case closed
    }

    private let bound: Int
    private var waiting: [Element] = []
    private var isWorking = false
    private var status = Status.up

    /// - Parameter bound: the most requests that wait.
    init(bound: Int) {
        self.bound = bound
    }

    /// Whether Postgres is there and the queue is not closed.
    var isUp: Bool {
        if case .up = status { return true }
        return false
    }

    /// The number of waiting requests.
    var count: Int { waiting.count }

    /// Whether ``close()`` was called.
    var isClosed: Bool {
        if case .closed = status { return true }
        return false
    }

    /// Adds a request at the end, or refuses it.
    mutating func offer(_ element: Element) -> Offer {
        switch status {
        case .closed: return .refused(.closed)
        case .down(let reason): return .refused(.down(reason))
        case .up: break
        }
        guard waiting.count < bound else { return .refused(.full) }
        waiting.append(element)
        assert(waiting.count <= bound, "the queue is bounded")
        return .accepted(startWorker: startWorking())
    }

    /// Marks the worker as working. Returns whether the caller must start it: false if it works already.
    mutating func startWorking() -> Bool {
        defer { isWorking = true }
        return !isWorking
    }

    /// The next requests, at most `limit`, in order of arrival. When there are none, the worker stops working, unless
    /// it holds requests of an earlier batch.
    mutating func take(_ limit: Int, workerHoldsSome: Bool = false) -> [Element] {
        guard !waiting.isEmpty, limit > 0 else {
            isWorking = workerHoldsSome
            return []
        }
        if waiting.count <= limit {
            defer { waiting.removeAll(keepingCapacity: true) }
            return waiting
        }
        defer { waiting.removeFirst(limit) }
        return Array(waiting.prefix(limit))
    }

    /// Postgres is away: refuses requests from now on. Returns the waiting requests, which the caller must refuse.
    mutating func goDown(_ reason: String) -> [Element] {
        if case .up = status { status = .down(reason) }
        defer { waiting.removeAll() }
        return waiting
    }

    /// Postgres is back: accepts requests again. Has no effect on a closed queue.
    mutating func comeUp() {
        if case .down = status { status = .up }
    }

    /// Refuses requests from now on, for good. The waiting ones can still be taken.
    mutating func close() {
        status = .closed
    }
}
